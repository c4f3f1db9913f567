package bedrock

import (
	"container/list"
	"sync"

	"bedrock-extproc/translator"
)

// maxSessions bounds the sessions of callers that a backend keeps. Beyond it the
// one that was not used for the longest time is forgotten; its next call assumes
// the role anew.
const maxSessions = 1024

// An owner knows the sidecar's own credentials for a caller.
type owner interface {
	// of returns the credentials for a caller. An error is a *translator.Error.
	of(translator.Caller) (*ownCredentials, error)
	// payer names the account that is charged for a caller's calls, as far as it
	// depends on the caller.
	payer(translator.Caller) string
}

func (o *ownCredentials) of(translator.Caller) (*ownCredentials, error) { return o, nil }

func (*ownCredentials) payer(translator.Caller) string { return "" }

// sessions are those of a role that depends on who calls. It is safe for
// concurrent use.
type sessions struct {
	role *role

	mu     sync.Mutex
	byKey  map[account]*list.Element
	latest *list.List // of *session, the latest used first
}

type session struct {
	key account
	own *ownCredentials
}

func newSessions(r *role) *sessions {
	return &sessions{role: r, byKey: map[account]*list.Element{}, latest: list.New()}
}

func (s *sessions) of(caller translator.Caller) (*ownCredentials, error) {
	key, err := s.role.account(caller.Values)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byKey[key]; ok {
		s.latest.MoveToFront(e)
		return e.Value.(*session).own, nil
	}
	if s.latest.Len() == maxSessions {
		delete(s.byKey, s.latest.Remove(s.latest.Back()).(*session).key)
	}
	own := &ownCredentials{chain: s.role.assume(key)}
	s.byKey[key] = s.latest.PushFront(&session{key, own})
	return own, nil
}

// payer is the role: quotas are those of its AWS account.
func (s *sessions) payer(caller translator.Caller) string {
	key, _ := s.role.account(caller.Values)
	return key.role
}
