// The sources of an answer, as the Vercel AI SDK hears them on Responses, whole and streamed.
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";

const openai = createOpenAI({ baseURL: `${process.env.BASE_URL}/v1`, apiKey: "none" });

function told(text, sources) {
  const urls = [...new Set(sources.map((source) => source.url))];
  return { text, cited: urls.length > 0 && urls.every((url) => text.includes(`](${url})`)) };
}

for (const name of process.env.MODELS.split(" ")) {
  const question = { model: openai.responses(name), prompt: process.env.QUESTION };
  const whole = await generateText(question);
  const stream = streamText(question);
  const streamed = told(await stream.text, await stream.sources);
  console.log(JSON.stringify({ model: name, whole: told(whole.text, whole.sources), streamed }));
}
