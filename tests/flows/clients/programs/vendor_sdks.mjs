// The OpenAI and Anthropic SDKs for Node: chat, responses and messages, whole and streamed, and
// their errors.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const url = process.env.BASE_URL;
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: "none", maxRetries: 0 });
const asked = [{ role: "user", content: "One two three" }];
const question = [{ role: "user", content: "What is the weather in Oslo?" }];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const described = { name: "weather", description: "The weather in a city" };

async function chat(model) {
  const tools = [{ type: "function", function: { ...described, parameters } }];
  const whole = await openai.chat.completions.create({ model, messages: asked });
  const stream = openai.chat.completions.stream({ model, messages: asked });
  const final = await stream.finalChatCompletion();
  const runner = openai.chat.completions.runTools({
    model,
    messages: question,
    tools: [{ type: "function", function: { ...tools[0].function, parse: JSON.parse, function: () => "Sunny" } }],
  });
  return {
    said: whole.choices[0].message.content,
    streamed: final.choices[0].message.content,
    tool: await runner.finalContent(),
    refused: await refused(() => openai.chat.completions.create({ model: "nobody/nothing", messages: asked })),
  };
}

async function responses(model) {
  const tools = [{ type: "function", ...described, parameters, strict: false }];
  const whole = await openai.responses.create({ model, input: "One two three" });
  const stream = openai.responses.stream({ model, input: "One two three" });
  const final = await stream.finalResponse();
  const first = await openai.responses.create({ model, input: question, tools });
  const call = first.output.find((item) => item.type === "function_call");
  const back = { type: "function_call_output", call_id: call.call_id, output: "Sunny" };
  const second = await openai.responses.create({ model, input: [...question, ...first.output, back], tools });
  return {
    said: whole.output_text,
    streamed: final.output_text,
    tool: second.output_text,
    refused: await refused(() => openai.responses.create({ model: "nobody/nothing", input: "Hi", stream: true })),
  };
}

async function messages(model) {
  const max_tokens = 1000;
  const tools = [{ ...described, input_schema: parameters }];
  const whole = await anthropic.messages.create({ model, max_tokens, messages: asked });
  const final = await anthropic.messages.stream({ model, max_tokens, messages: asked }).finalText();
  const first = await anthropic.messages.create({ model, max_tokens, messages: question, tools });
  const call = first.content.find((block) => block.type === "tool_use");
  const back = [{ type: "tool_result", tool_use_id: call.id, content: "Sunny" }];
  const second = await anthropic.messages.create({
    model,
    max_tokens,
    tools,
    messages: [...question, { role: "assistant", content: first.content }, { role: "user", content: back }],
  });
  return {
    said: whole.content[0].text,
    streamed: final,
    tool: second.content[0].text,
    refused: await refused(() => anthropic.messages.create({ model: "nobody/nothing", max_tokens, messages: asked })),
  };
}

async function refused(ask) {
  try {
    await ask();
  } catch (error) {
    return `${error.constructor.name} ${error.status} ${error.requestID ? "with" : "without"} an id`;
  }
  return "not refused";
}

for (const model of process.env.MODELS.split(" ")) {
  const heard = { chat: await chat(model), responses: await responses(model), messages: await messages(model) };
  console.log(JSON.stringify({ model, ...heard }));
}
