// Package conform holds the wire layer against requests and responses that
// nobody here wrote: the snapshots that the Go SDK's modules ship, one for every
// operation with every member set.
package conform
