package fakebedrock

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// caller is the authenticated caller.
type caller struct {
	accessKeyID string // "" for a bearer token or an unsigned call
	region      string // from the signature
	bearer      bool
}

// authenticate returns the caller, or the exception that rejects it.
func (s *Server) authenticate(r *http.Request, body []byte) (caller, *Exception) {
	header := r.Header.Get("Authorization")
	switch {
	case header == "" && s.config.AllowUnsigned:
		return caller{}, nil
	case header == "":
		return caller{}, exceptionNamed("MissingAuthenticationTokenException", "")
	}
	if token, ok := strings.CutPrefix(header, "Bearer "); ok {
		return s.checkBearer(token)
	}
	return s.checkSignature(r, header, body)
}

func (s *Server) checkBearer(token string) (caller, *Exception) {
	if slices.Contains(s.config.BearerTokens, token) {
		return caller{bearer: true}, nil
	}
	e := exceptionNamed("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.")
	e.front = true
	return caller{}, e
}

func (s *Server) checkSignature(r *http.Request, header string, body []byte) (caller, *Exception) {
	a, err := parseAuthorization(header)
	if err != nil {
		return caller{}, exceptionNamed("IncompleteSignatureException", err.Error())
	}
	c := caller{accessKeyID: a.accessKeyID, region: a.region}
	amzDate := r.Header.Get("X-Amz-Date")
	signed, err := time.Parse(amzDateLayout, amzDate)
	if err != nil {
		return c, exceptionNamed("IncompleteSignatureException", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	id, e := s.identify(a.accessKeyID, r.Header.Get("X-Amz-Security-Token"))
	if e != nil {
		return c, e
	}
	if e := a.checkScope(s.config.Region, amzDate); e != nil {
		return c, e
	}
	if e := checkClock(signed, s.config.Now()); e != nil {
		return c, e
	}
	if ok, err := a.matches(r, body, id, signed); !ok || err != nil {
		return c, exceptionNamed("InvalidSignatureException", "")
	}
	return c, nil
}

// identify looks up an access key and checks its session token.
func (s *Server) identify(accessKeyID, token string) (Identity, *Exception) {
	for _, id := range s.config.Identities {
		switch {
		case id.AccessKeyID != accessKeyID:
			continue
		case id.SessionToken != token:
			return id, exceptionNamed("UnrecognizedClientException", "")
		case id.Expired:
			return id, exceptionNamed("ExpiredTokenException", "")
		}
		return id, nil
	}
	return Identity{}, exceptionNamed("UnrecognizedClientException", "")
}
