// Package fakebedrock is a stand-in for the Amazon Bedrock Runtime: an
// http.Handler that speaks Converse and ConverseStream as the service does, for
// demonstrations, tests and benchmarks without an AWS account.
//
// It verifies signatures, refuses what the service refuses, answers questions
// well enough to be looked at, and misbehaves on request:
//
//	bedrock := fakebedrock.New(fakebedrock.Config{})
//	server := httptest.NewServer(bedrock)
//	client := bedrockruntime.New(bedrockruntime.Options{
//		BaseEndpoint: &server.URL,
//		Region:       "us-east-1",
//		Credentials:  credentials.NewStaticCredentialsProvider(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, ""),
//	})
//
// # Misbehaviour
//
// A [Behaviour] says what one call is to meet. A test sets it for every call in
// [Config.Script], which is given the request:
//
//	Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
//		if r.Number <= 2 { // the first two calls
//			return fakebedrock.Behaviour{Exception: fakebedrock.Throttling()}
//		}
//		return r.Asked
//	}
//
// A caller who has no hand on the server asks by knobs: names and values in
// headers (X-Fake-Fault: cut), in requestMetadata ("fake.fault": "cut"), or behind
// a # in the model id (anthropic.claude-3-haiku-20240307-v1:0#fault=cut&at=3).
// Headers beat metadata, which beats the model id, which beats [Config.Knobs]. The
// names are listed in [Knobs].
//
// # Observation
//
// [Server.Calls] has what came in, [Server.InFlight] what is under way, and
// [Config.OnDone] hears of every end, also of a client that left.
//
// # Time
//
// Nothing here reads a clock but to date answers, check signatures and wait, so
// that a server inside testing/synctest behaves. A stream waits between tokens
// only if [Config.Pace] says so; a test steps through one with [Behaviour.Gate].
package fakebedrock
