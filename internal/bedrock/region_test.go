package bedrock

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
)

// TestRegions: a caller's region is the name of a region, and never a part of another
// host name.
func TestRegions(t *testing.T) {
	b := &Backend{region: "us-east-1"}
	caller := translator.Caller{AccessKeyID: "a", SecretAccessKey: "s"}
	for _, region := range []string{
		"us-east-1", "eu-central-2", "ap-southeast-7", "us-gov-west-1", "cn-northwest-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
		"eusc-de-east-1", "mx-central-1", "il-central-1",
	} {
		caller.Region = region
		if got, err := b.regionFor(caller); err != nil || got != region {
			t.Errorf("%s: %s, %v", region, got, err)
		}
	}
	for _, region := range []string{
		"fips-us-east-1", "us-east-1-fips", "us-fips-east-1", "us-east-fips-1", "aws-global", "aws-us-gov-global", "global", "us-east", "us", "1", "-", "--", "us--1",
		"us-east-", "-us-east-1", "us-east-1-", "US-EAST-1", "us-East-1", "us-east-1.", "us.east.1", "us-east-1.evil.example", "evil.example/", "us-east-1/..", "us-east-1:80",
		"us-east-1@evil.example", "us_east_1", "us east 1", " us-east-1", "us-east-1\n", "us-east-1\x00", "us-eaſt-1", "us-east-１", "us-\xff-1", "us-east-123",
		"us-" + strings.Repeat("a", 1<<20) + "-1", "us-east-1" + strings.Repeat("0", 100),
	} {
		caller.Region = region
		got, err := b.regionFor(caller)
		if err == nil || got != b.region || translator.AsError(err).Status != 400 {
			t.Errorf("%.100q: %s, %v", region, got, err)
		}
	}
}
