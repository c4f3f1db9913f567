package answer

import (
	"regexp"
	"strings"
)

var asksToExplain = regexp.MustCompile(`(?i)^\s*(?:please\s+)?(?:can you |could you )?(?:explain|describe|tell me about|what (?:is|are)|who (?:is|was)|how (?:does|do)|why (?:is|are|does|do)|write about)\s+(.+?)[\s?.!]*$`)

// topicOf returns the topic that a text asks to explain.
func topicOf(text string) (string, bool) {
	found := asksToExplain.FindStringSubmatch(text)
	if found == nil {
		return "", false
	}
	topic := strings.TrimSpace(strings.TrimPrefix(found[1], "the "))
	if len(topic) > 200 || topic == "" {
		return "", false
	}
	return topic, true
}

// known are the topics with their own text, by a phrase in the topic.
var known = []struct{ word, text string }{
	{"quantum computing", quantumComputing},
	{"quantum computer", quantumComputing},
}

const quantumComputing = `Quantum computing uses the rules of quantum mechanics to calculate. An ordinary computer stores bits, and each bit is 0 or 1. A quantum computer stores qubits, and a qubit can be in a superposition: a weighted mixture of 0 and 1 until it is measured.

Several qubits can also be entangled, so that their results agree in ways that no separate bits could. A quantum program steers these mixtures so that wrong answers cancel each other and right ones add up. That is interference, and it is where the advantage comes from: not from trying every answer at once, but from making the good answers likely to be read.

For a few problems this pays off greatly. Shor's algorithm factors large numbers, Grover's searches unsorted data with fewer looks, and simulating molecules comes naturally. For most everyday work an ordinary computer stays the better choice, and today's machines are still small and disturbed by noise.

This explanation is canned: it comes from the fakebedrock stand-in, not from a model.`

// explain answers "Explain X".
func explain(topic string) string {
	for _, k := range known {
		if strings.Contains(strings.ToLower(topic), k.word) {
			return k.text
		}
	}
	return "You asked about " + topic + ". " +
		"A language model would now explain " + topic + " in its own words. " +
		"I am fakebedrock, a stand-in for Amazon Bedrock, and know nothing of the matter. " +
		"What I can show is how an answer about " + topic + " reaches you: token by token on a stream, or whole in one piece, through the same signatures, frames and checks as the real service. " +
		"Point the same request at Amazon Bedrock to learn about " + topic + "."
}
