"""Names of fields: Google takes `system_instruction` wherever it takes `systemInstruction`.

Only names that the API itself gives are read so: a caller's own (arguments of a call, properties
of a schema, labels) are left as they are.
"""

import re

from manymind.dialects.reading import Object

_CAMEL = """
allowedFunctionNames blockReason cachedContent cachedContentTokenCount candidateCount
candidatesTokenCount chosenCandidates citationMetadata citationSources codeExecution
codeExecutionResult displayName endIndex executableCode fileData fileSearch fileUri finishMessage
finishReason frequencyPenalty functionCall functionCallingConfig functionDeclarations
functionResponse generateContentRequest generationConfig googleSearch googleSearchRetrieval
groundingChunkIndices groundingChunks groundingMetadata groundingSupports imageConfig
includeThoughts inlineData logProbability logprobsResult maxOutputTokens mediaResolution mimeType
modelVersion parametersJsonSchema partIndex partMetadata presencePenalty promptFeedback
promptTokenCount responseId responseJsonSchema responseLogprobs responseMimeType
responseModalities responseSchema retrievalConfig retrievedContext safetyRatings safetySettings
serviceTier speechConfig startIndex stopSequences systemInstruction thinkingBudget thinkingConfig
thinkingLevel thoughtSignature thoughtsTokenCount toolCall toolConfig toolResponse
toolUsePromptTokenCount topCandidates topK topP totalTokenCount urlContext urlContextMetadata
usageMetadata videoMetadata webSearchQueries willContinue
"""

_BY_SNAKE = {
    re.sub(r"[A-Z]", lambda sign: f"_{sign[0].lower()}", name): name for name in _CAMEL.split()
}


def camel(fields: Object) -> Object:
    """The same object, its known fields named as the API writes them."""
    left = fields.left()
    for name in _BY_SNAKE.keys() & left.keys():
        value = left.pop(name)
        left.setdefault(_BY_SNAKE[name], value)
    return fields
