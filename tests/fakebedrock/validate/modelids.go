package validate

import (
	"regexp"
	"slices"
	"strings"
)

// noModel is what the service answers for an id that names no model.
const noModel = "The provided model identifier is invalid."

// modelIDPattern is ConversationalModelId of the service model (botocore 1.44.8).
const modelIDPattern = `(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}/[a-z0-9]{12})|(:foundation-model/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63}))|([0-9]{12}:imported-model/[a-z0-9]{12})|([0-9]{12}:provisioned-model/[a-z0-9]{12})|([0-9]{12}:custom-model-deployment/[a-z0-9]{12})|([0-9]{12}:(inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+)))|([a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([.:]?[a-z0-9-]{1,63}))|(([0-9a-zA-Z][_-]?)+)|([a-zA-Z0-9-:.]+)|(^(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:prompt/[0-9a-zA-Z]{10}(?::[0-9]{1,5})?))$|(^arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:endpoint/[a-zA-Z0-9-]+$)|(^arn:aws(-[^:]+)?:bedrock:([0-9a-z-]{1,20}):([0-9]{12}):(default-)?prompt-router/[a-zA-Z0-9-:.]+$)`

// Ids that are not names: a profile's or a deployment's own id, and resources of ARNs.
var (
	modelIDForm = regexp.MustCompile(`^(?:` + modelIDPattern + `)$`)
	opaqueID    = regexp.MustCompile(`^[a-z0-9]{12}$`)

	// contextSize is the suffix of the ids for provisioned throughput: :200k, :mm.
	contextSize = regexp.MustCompile(`:(?:[0-9]+k|mm)$`)
)

// modelNames are the models of Bedrock without geography, from AWS's pages and the
// price lists of public projects, November 2026. Add what is missing.
var modelNames = modelList{
	"ai21": {"j2-mid-v1", "j2-ultra-v1", "jamba-1-5-large-v1:0", "jamba-1-5-mini-v1:0", "jamba-instruct-v1:0"},
	"amazon": {
		"nova-2-5-sonic", "nova-2-lite-v1:0", "nova-2-multimodal-embeddings-v1:0", "nova-2-omni-v1:0", "nova-2-pro-v1:0",
		"nova-2-pro-preview-20251202-v1:0", "nova-2-sonic-v1:0", "nova-canvas-v1:0", "nova-canvas-v1:1", "nova-lite-v1:0", "nova-micro-v1:0", "nova-premier-v1:0",
		"nova-pro-v1:0", "nova-reel-v1:0", "nova-reel-v1:1", "nova-sonic-v1:0", "rerank-v1:0", "titan-embed-g1-text-02", "titan-embed-image-v1",
		"titan-embed-image-v1:0", "titan-embed-text-v1", "titan-embed-text-v2:0", "titan-image-generator-v1", "titan-image-generator-v1:0",
		"titan-image-generator-v2", "titan-image-generator-v2:0", "titan-text-express-v1", "titan-text-lite-v1", "titan-text-premier-v1:0",
		"titan-tg1-large",
	},
	"anthropic": {
		"claude-3-5-haiku-20241022-v1:0", "claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet-20241022-v2:0", "claude-3-7-sonnet-20250219-v1:0",
		"claude-3-haiku-20240307-v1:0", "claude-3-opus-20240229-v1:0", "claude-3-sonnet-20240229-v1:0", "claude-haiku-4-5-20251001-v1:0",
		"claude-instant-v1", "claude-mythos-preview", "claude-opus-4-1-20250805-v1:0", "claude-opus-4-20250514-v1:0", "claude-opus-4-5-20251101-v1:0",
		"claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-5-20250929-v1:0", "claude-v1", "claude-v2", "claude-v2:1",
	},
	"cohere": {
		"command-light-text-v14", "command-r-plus-v1:0", "command-r-v1:0", "command-text-v14", "embed-english-v3", "embed-multilingual-v3", "embed-v4:0",
		"rerank-v3-5:0",
	},
	"deepseek": {"r1-v1:0", "v3-v1:0", "v3.1", "v3.2"},
	"google":   {"gemma-3-4b-it", "gemma-3-12b-it", "gemma-3-27b-it", "gemma-4-26b-a4b", "gemma-4-31b", "gemma-4-e2b"},
	"luma":     {"ray-v2:0"},
	"meta": {
		"llama2-13b-chat-v1", "llama2-70b-chat-v1", "llama3-70b-instruct-v1:0", "llama3-8b-instruct-v1:0", "llama3-1-405b-instruct-v1:0",
		"llama3-1-70b-instruct-v1:0", "llama3-1-8b-instruct-v1:0", "llama3-2-11b-instruct-v1:0", "llama3-2-1b-instruct-v1:0",
		"llama3-2-3b-instruct-v1:0", "llama3-2-90b-instruct-v1:0", "llama3-3-70b-instruct-v1:0", "llama4-maverick-17b-instruct-v1:0",
		"llama4-scout-17b-instruct-v1:0",
	},
	"minimax": {"minimax-m2", "minimax-m2.1", "minimax-m2.5"},
	"mistral": {
		"devstral-2-123b", "magistral-small-2509", "ministral-3-14b-instruct", "ministral-3-3b-instruct", "ministral-3-8b-instruct",
		"mistral-7b-instruct-v0:2", "mistral-large-2402-v1:0", "mistral-large-2407-v1:0", "mistral-large-3-675b-instruct", "mistral-small-2402-v1:0",
		"mixtral-8x7b-instruct-v0:1", "pixtral-large-2502-v1:0", "voxtral-mini-3b-2507", "voxtral-small-24b-2507",
	},
	"moonshot":   {"kimi-k2-thinking"},
	"moonshotai": {"kimi-k2-thinking", "kimi-k2.5", "kimi-k3", "kimi-k3.1"},
	"nvidia":     {"nemotron-nano-12b-v2", "nemotron-nano-3-30b", "nemotron-nano-9b-v2", "nemotron-super-3-120b"},
	"openai": {
		"gpt-oss-120b", "gpt-oss-120b-1:0", "gpt-oss-20b", "gpt-oss-20b-1:0", "gpt-oss-safeguard-120b", "gpt-oss-safeguard-20b",
		"gpt-daybreak-blue-5.6-sol",
	},
	"qwen": {
		"qwen3-235b-a22b-2507", "qwen3-235b-a22b-2507-v1:0", "qwen3-32b", "qwen3-32b-v1:0", "qwen3-coder-30b-a3b-instruct", "qwen3-coder-30b-a3b-v1:0",
		"qwen3-coder-480b-a35b-instruct", "qwen3-coder-480b-a35b-v1:0", "qwen3-coder-next", "qwen3-next-80b-a3b", "qwen3-next-80b-a3b-instruct",
		"qwen3-vl-235b-a22b", "qwen3-vl-235b-a22b-instruct",
	},
	"stability": {
		"sd3-5-large-v1:0", "sd3-large-v1:0", "stable-conservative-upscale-v1:0", "stable-creative-upscale-v1:0", "stable-diffusion-xl-v0",
		"stable-diffusion-xl-v1", "stable-fast-upscale-v1:0", "stable-image-control-sketch-v1:0", "stable-image-control-structure-v1:0",
		"stable-image-core-v1:0", "stable-image-core-v1:1", "stable-image-erase-object-v1:0", "stable-image-inpaint-v1:0",
		"stable-image-remove-background-v1:0", "stable-image-search-recolor-v1:0", "stable-image-search-replace-v1:0",
		"stable-image-style-guide-v1:0", "stable-image-ultra-v1:0", "stable-image-ultra-v1:1", "stable-outpaint-v1:0", "stable-style-transfer-v1:0",
	},
	"twelvelabs": {"marengo-embed-2-7-v1:0", "marengo-embed-3-0-v1:0", "pegasus-1-2-v1:0", "pegasus-1-5-v1:0"},
	"writer":     {"palmyra-vision-7b", "palmyra-x4-v1:0", "palmyra-x5-v1:0"},
	"xai":        {"grok-4.3", "grok-4.6", "grok-4.7"},
	"zai":        {"glm-4.7", "glm-4.7-flash", "glm-5", "glm-5.3"},
}

// newerNames are the forms of names in families that grow faster than the list:
// claude-opus-4-7, claude-opus-4-6-v1, gpt-5.6-luna.
var newerNames = map[string]*regexp.Regexp{
	"anthropic": regexp.MustCompile(`^claude-(?:opus|sonnet|haiku|fable|mythos)-(?:4-[6-9]|[5-9](?:-[0-9])?)(?:-20[0-9]{6})?(?:-v[0-9](?::[0-9])?)?$`),
	"openai":    regexp.MustCompile(`^gpt-[5-9](?:\.[0-9])?(?:-(?:astra|cyber|luna|sol|terra))?(?:-v1:0)?$`),
}

// modelList has the names of models by provider.
type modelList map[string][]string

// known reports whether a model of this name exists: provider.name, without geography.
func (n modelList) known(bare string) bool {
	provider, name, _ := strings.Cut(contextSize.ReplaceAllString(bare, ""), ".")
	newer := newerNames[provider]
	return slices.Contains(n[provider], name) || newer != nil && newer.MatchString(name)
}

var (
	// noProfiles matches models that are older than inference profiles.
	noProfiles = regexp.MustCompile(`^(?:ai21\.|amazon\.titan|anthropic\.claude-(?:v[12]|instant)|cohere\.(?:command|embed-(?:english|multi))|meta\.llama(?:2|3-(?:8|70)b)|mistral\.mi[sx]tral-(?:7b|8x7b|large-240|small-2402))`)

	// notChat matches models without Converse: embeddings, images, video, speech, rank.
	notChat = regexp.MustCompile(`^(?:ai21\.j2|amazon\.(?:nova-(?:canvas|reel|sonic|2-sonic|2-5-sonic|2-multimodal)|rerank|titan-(?:embed|image))|cohere\.(?:embed|rerank)|luma\.|stability\.|twelvelabs\.marengo)`)

	// profileOnly matches models that on-demand calls reach only through an inference
	// profile. Llama 3.1, 3.3 and the small 3.2 are left out: whether their bare ids work
	// depends on the region.
	profileOnly = regexp.MustCompile(`^(?:` +
		`anthropic\.claude-(?:3-7|(?:opus|sonnet|haiku)-[4-9]|fable|mythos)` +
		`|amazon\.nova-(?:premier|2-(?:lite|pro|omni))` +
		`|meta\.llama(?:3-2-(?:11|90)b|4)` +
		`|deepseek\.r1` +
		`|mistral\.pixtral` +
		`|writer\.palmyra-x[45]` +
		`)`)
)
