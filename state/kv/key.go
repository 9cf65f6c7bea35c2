package kv

// Key is an encoded tuple: typed elements whose encoding keeps their order.
type Key []byte
