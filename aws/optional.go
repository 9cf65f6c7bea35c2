package aws

// Optional is a pointer to v, or nil for its zero value: how a member of an
// answer is left out that has nothing to say.
func Optional[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	there := v // so that only what is there costs memory of its own
	return &there
}
