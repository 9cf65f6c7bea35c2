package sqs

import (
	"encoding/base64"
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// page is a part of a listing.
type page struct {
	size  int
	start kv.Key
}

// newPage reads the parameters of a listing. A token is the key to go on at.
func newPage(limit *int32, token *string) (page, error) {
	p := page{size: maxList}
	if limit != nil {
		if *limit < 1 || *limit > maxList {
			return p, invalid(*limit, "MaxResults", "Must be an integer from 1 to 1000.")
		}
		p.size = int(*limit)
	}
	if token == nil || *token == "" {
		return p, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return p, aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Invalid or expired next token.")
	}
	p.start = start
	return p, nil
}

// begin moves the beginning of r to where the page before ended, if that lies in r.
func (p page) begin(r *kv.Range) {
	if p.start != nil && r.Contains(p.start) {
		r.From = p.start
	}
}

func (p page) token(next kv.Key) *string {
	t := base64.RawURLEncoding.EncodeToString(next)
	return &t
}
