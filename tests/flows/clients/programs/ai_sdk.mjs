// The Vercel AI SDK by each of its providers that speaks to us: text, streams, tools in several
// steps, objects and pictures.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createXai } from "@ai-sdk/xai";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const url = process.env.BASE_URL;
const settings = { baseURL: `${url}/v1`, apiKey: "none" };
const openai = createOpenAI(settings);
const xai = createXai(settings);
const anthropic = createAnthropic(settings);
const openrouter = createOpenRouter({ baseURL: `${url}/api/v1`, apiKey: "none" });
const maxOutputTokens = 2000;
const WAYS = {
  chat: (name) => openai.chat(name),
  responses: (name) => openai.responses(name),
  messages: (name) => anthropic(name),
  xai: (name) => xai.responses(name),
  openrouter: (name) => openrouter.chat(name),
};
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const weather = tool({
  description: "The weather in a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async () => "Sunny",
});
const fact = z.object({ name: z.string(), count: z.number().int() });

async function streamed(model, question, tools) {
  const stream = streamText({ model, maxOutputTokens, prompt: question, tools, stopWhen: stepCountIs(3) });
  const kinds = [];
  let words = "";
  for await (const part of stream.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") words += part.text;
    if (kinds.at(-1) !== part.type) kinds.push(part.type);
  }
  return { words, calls: kinds.filter((kind) => kind === "tool-call").length };
}

async function scenes(model) {
  const question = "What is the weather in Oslo?";
  const plain = await generateText({ model, maxOutputTokens, system: "Be brief.", prompt: "One two three" });
  const stepped = await generateText({
    model,
    maxOutputTokens,
    prompt: question,
    tools: { weather },
    stopWhen: stepCountIs(3),
  });
  const typed = await generateText({
    model,
    maxOutputTokens,
    prompt: "name: lamps. There are 7.",
    output: Output.object({ schema: fact }),
  });
  const seen = await generateText({
    model,
    maxOutputTokens,
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "file", data: PIXEL, mediaType: "image/png" },
        ],
      },
    ],
  });
  return {
    said: plain.text,
    finished: plain.finishReason,
    counted: plain.usage.totalTokens > 0,
    tool: stepped.text,
    steps: stepped.steps.length,
    typed: typed.output,
    picture: seen.text,
    streamed: await streamed(model, "One two three"),
    "tool streamed": await streamed(model, question, { weather }),
  };
}

for (const name of process.env.MODELS.split(" ")) {
  const heard = { model: name };
  for (const [way, model] of Object.entries(WAYS)) heard[way] = await scenes(model(name));
  console.log(JSON.stringify(heard));
}
