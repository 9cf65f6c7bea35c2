package sqs

import (
	"errors"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
)

// checkBatch checks the number and the ids of a batch's entries.
func checkBatch(entry string, n int, id func(i int) string) error {
	if n == 0 {
		return sqs.ErrEmptyBatchRequest("There should be at least one %s in the request.", entry)
	}
	if n > maxBatch {
		return sqs.ErrTooManyEntriesInBatchRequest("Maximum number of entries per request are %d. You have sent %d.", maxBatch, n)
	}
	seen := make(map[string]bool, n)
	for i := range n {
		if id(i) == "" || len(id(i)) > maxBatchID || !isWord(id(i)) {
			return sqs.ErrInvalidBatchEntryId("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id(i)] {
			return sqs.ErrBatchEntryIdsNotDistinct("Id %s repeated.", id(i))
		}
		seen[id(i)] = true
	}
	return nil
}

// batchFailure reports an entry that was refused.
func batchFailure(id string, err error) sqs.BatchResultErrorEntry {
	var e *aws.Error
	if !errors.As(err, &e) {
		e = aws.Errorf(500, "InternalError", "We encountered an internal error. Please try again.")
	}
	code := e.Code
	if e.QueryCode != "" {
		code = e.QueryCode
	}
	return sqs.BatchResultErrorEntry{Id: id, Code: code, Message: &e.Message, SenderFault: !e.Receiver}
}
