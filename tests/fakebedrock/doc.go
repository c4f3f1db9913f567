// Package fakebedrock is a fake Amazon Bedrock Runtime: an http.Handler that serves
// Converse, ConverseStream and CountTokens as the service does, for demonstrations,
// tests and benchmarks without an AWS account. Its callers lack permission for the other
// operations.
//
// It verifies signatures, rejects what the service rejects, gives simple answers,
// and fails on request:
//
//	bedrock := fakebedrock.New(fakebedrock.Config{})
//	server := httptest.NewServer(bedrock)
//	client := bedrockruntime.New(bedrockruntime.Options{
//		BaseEndpoint: &server.URL,
//		Region:       "us-east-1",
//		Credentials:  credentials.NewStaticCredentialsProvider(fakebedrock.DemoAccessKeyID, fakebedrock.DemoSecretAccessKey, ""),
//	})
//
// # Faults
//
// A [Behaviour] controls how one call is answered. A test sets it for every call in
// [Config.Script], which gets the request:
//
//	Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
//		if r.Number <= 2 { // the first two calls
//			return fakebedrock.Behaviour{Exception: fakebedrock.Throttling()}
//		}
//		return r.Asked
//	}
//
// A client that does not control the server uses knobs: names and values in headers
// (X-Fake-Fault: cut), in requestMetadata ("fake.fault": "cut"), or after a # in the
// model id (anthropic.claude-3-haiku-20240307-v1:0#fault=cut&at=3). Headers override
// metadata, metadata overrides the model id, and all override [Config.Knobs]. [Knobs]
// lists the names.
//
// # Observation
//
// [Server.Calls] returns the recorded calls and [Server.InFlight] the number of calls
// in progress. [Config.OnDone] is called at the end of every call, including those
// whose client disconnected.
//
// # Time
//
// The package reads the clock only to date answers, check signatures and wait, so a
// server works inside testing/synctest. A stream waits between tokens only if
// [Config.Pace] is set; [Behaviour.Gate] lets a test release its events one by one.
package fakebedrock
