// What the Vercel AI SDK hears of a model's thoughts, by each of its providers that speaks to us.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createXai } from "@ai-sdk/xai";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { generateText } from "ai";

const url = process.env.BASE_URL;
const settings = { baseURL: `${url}/v1`, apiKey: "none" };
const WAYS = {
  responses: (name) => createOpenAI(settings).responses(name),
  messages: (name) => createAnthropic(settings)(name),
  xai: (name) => createXai(settings).responses(name),
  openrouter: (name) => createOpenRouter({ baseURL: `${url}/api/v1`, apiKey: "none" }).chat(name),
};
const providerOptions = {
  openai: { reasoningSummary: "auto", reasoningEffort: "high", forceReasoning: true },
  anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } },
};

for (const name of process.env.MODELS.split(" ")) {
  const heard = { model: name };
  for (const [way, model] of Object.entries(WAYS)) {
    const { reasoningText } = await generateText({
      model: model(name),
      prompt: "One two three",
      maxOutputTokens: 4000,
      providerOptions,
    });
    heard[way] = reasoningText ?? null;
  }
  console.log(JSON.stringify(heard));
}
