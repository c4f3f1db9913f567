package validate

// Options say what is validated.
type Options struct {
	Streaming    bool // ConverseStream
	LenientRoles bool // turns of the same role may follow each other
}

// Error is a refusal.
type Error struct {
	Code    string // ValidationException, or another of the service's
	Status  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Request judges the body of a call for a model. nil means that the service
// takes it.
func Request(modelID string, body []byte, o Options) *Error {
	return nil
}
