// Package aws is the vocabulary of the house: accounts, regions, ARNs, callers,
// calls and errors, as AWS names them.
//
// It imports nothing but the standard library, and everything else may import
// it. A type belongs here when two layers exchange it; a type that one layer
// keeps to itself belongs to that layer.
package aws

import "strings"

// Account is a 12-digit AWS account id, kept as text because leading zeros count.
type Account string

// DefaultAccount is the account of a caller whose access key Brume has never seen.
const DefaultAccount Account = "000000000000"

// accountDigits is the length of every account id.
const accountDigits = 12

// Valid reports whether a is twelve ASCII digits.
func (a Account) Valid() bool {
	if len(a) != accountDigits {
		return false
	}
	for i := range len(a) {
		if a[i] < '0' || a[i] > '9' {
			return false
		}
	}
	return true
}

// Region is a region's code, such as eu-central-1.
type Region string

// DefaultRegion is used where a request names no region at all (anonymous,
// or a global endpoint).
const DefaultRegion Region = "us-east-1"

// Global is the region under which the state of partition-wide services (IAM,
// Route 53, CloudFront) is kept. It is never part of an ARN. Other partitions
// have regions of their own for it, such as aws-cn-global.
const Global Region = "aws-global"

// globalSuffix ends the names of Global and its like.
const globalSuffix = "-global"

// Global returns the region of the same partition that partition-wide services
// keep their state under.
func (r Region) Global() Region {
	if p := r.Partition(); p != "aws" {
		return Region(p + globalSuffix)
	}
	return Global
}

// Zone is an Availability Zone's name, such as eu-central-1a.
type Zone string

// Region returns the region that the zone lies in.
func (z Zone) Region() Region { return Region(strings.TrimRight(string(z), "abcdefghij")) }

// Partition returns the partition that the region belongs to: aws, aws-cn,
// aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f or aws-eusc.
func (r Region) Partition() string {
	if p, ok := strings.CutSuffix(string(r), globalSuffix); ok {
		return p
	}
	for _, p := range partitions {
		if strings.HasPrefix(string(r), p.prefix) {
			return p.name
		}
	}
	return "aws"
}

// DNSSuffix returns the domain that the region's endpoints lie under.
func (r Region) DNSSuffix() string {
	name := r.Partition()
	for _, p := range partitions {
		if p.name == name {
			return p.suffix
		}
	}
	return "amazonaws.com"
}

var partitions = [...]struct{ prefix, name, suffix string }{
	{"cn-", "aws-cn", "amazonaws.com.cn"},
	{"us-gov-", "aws-us-gov", "amazonaws.com"},
	{"us-iso-", "aws-iso", "c2s.ic.gov"},
	{"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
	{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
	{"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
	{"eusc-", "aws-eusc", "amazonaws.eu"},
}
