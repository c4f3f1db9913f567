package istio

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	securityv1beta1 "istio.io/api/security/v1beta1"
)

// issuer signs JWTs as the issuer in examples/istio/gateway/auth.yaml.
type issuer struct{ key *rsa.PrivateKey }

func newIssuer(t *testing.T) issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{key}
}

// trust replaces the example's jwksUri with the issuer's keys.
func (i issuer) trust(t *testing.T, e example) {
	t.Helper()
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public()}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range e.istio {
		if spec, ok := c.Spec.(*securityv1beta1.RequestAuthentication); ok {
			spec.GetJwtRules()[0].JwksUri, spec.GetJwtRules()[0].Jwks = "", string(keys)
		}
	}
}

// token returns a JWT with a user, team and groups.
func (i issuer) token(t *testing.T, user, team string, groups ...string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: "https://issuer.example.com", Audience: jwt.Audience{"llm"}, Subject: user,
		Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).Claims(map[string]any{"team": team, "groups": groups}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
