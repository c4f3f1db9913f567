package awsauth

import (
	"container/list"
	"sync"
	"sync/atomic"

	"bedrock-extproc/translator"
)

// maxSessions bounds the sessions that a backend keeps. Beyond it the least recently
// used one is dropped; its next call assumes the role again.
const maxSessions = 1024

// roleSessions are the sessions of a role that depends on the caller. It is safe for
// concurrent use.
type roleSessions struct {
	role *role
	// base is the State of the credentials that assume the role, as Owner found them.
	base atomic.Int32

	mu    sync.Mutex
	byKey map[credentialsKey]*list.Element
	used  *list.List // of *roleSession, the most recently used first
}

type roleSession struct {
	key         credentialsKey
	credentials *sidecarCredentials
}

func newRoleSessions(r *role) *roleSessions {
	return &roleSessions{role: r, byKey: map[credentialsKey]*list.Element{}, used: list.New()}
}

func (s *roleSessions) forCaller(caller translator.Caller) (*sidecarCredentials, error) {
	key, err := s.role.key(caller.Values)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byKey[key]; ok {
		s.used.MoveToFront(e)
		return e.Value.(*roleSession).credentials, nil
	}
	if s.used.Len() == maxSessions {
		delete(s.byKey, s.used.Remove(s.used.Back()).(*roleSession).key)
	}
	c := &sidecarCredentials{cache: s.role.assume(key), secrets: []string{key.externalID}, what: key.text(), log: s.role.log}
	s.byKey[key] = s.used.PushFront(&roleSession{key, c})
	return c, nil
}

func (s *roleSessions) state() State { return State(s.base.Load()) }

// payer is the role: quotas belong to its AWS account.
func (s *roleSessions) payer(caller translator.Caller) string {
	key, _ := s.role.key(caller.Values)
	return key.role
}
