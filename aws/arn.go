package aws

import (
	"errors"
	"strings"
)

// ARN is an Amazon Resource Name: arn:partition:service:region:account:resource.
type ARN struct {
	Partition string
	Service   string
	Region    Region  // empty for global services
	Account   Account // empty for S3 buckets and for AWS's own resources ("aws" is allowed too)
	Resource  string  // everything after the fifth colon, with its own colons and slashes
}

// NewARN returns the ARN of a regional resource, in the region's partition.
// For a global service, pass Global: the ARN's region stays empty.
func NewARN(service string, region Region, account Account, resource string) ARN {
	a := ARN{Partition: region.Partition(), Service: service, Region: region, Account: account, Resource: resource}
	if strings.HasSuffix(string(region), globalSuffix) {
		a.Region = ""
	}
	return a
}

// String returns the ARN's text form.
func (a ARN) String() string {
	var b strings.Builder
	b.Grow(len("arn:::::") + len(a.Partition) + len(a.Service) + len(a.Region) + len(a.Account) + len(a.Resource))
	b.WriteString("arn:")
	b.WriteString(a.Partition)
	b.WriteByte(':')
	b.WriteString(a.Service)
	b.WriteByte(':')
	b.WriteString(string(a.Region))
	b.WriteByte(':')
	b.WriteString(string(a.Account))
	b.WriteByte(':')
	b.WriteString(a.Resource)
	return b.String()
}

var errNotARN = errors.New("not an ARN: want arn:partition:service:region:account:resource")

// arnParts is the number of fields of an ARN, the literal "arn" included.
const arnParts = 6

// ParseARN splits s. It checks the shape only: six fields, the first "arn",
// and a partition, service and resource that are not empty.
func ParseARN(s string) (ARN, error) {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ARN{}, errNotARN
	}
	f := strings.SplitN(rest, ":", arnParts-1)
	if len(f) != arnParts-1 || f[0] == "" || f[1] == "" || f[4] == "" {
		return ARN{}, errNotARN
	}
	return ARN{f[0], f[1], Region(f[2]), Account(f[3]), f[4]}, nil
}
