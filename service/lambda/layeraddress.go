package lambda

import (
	"context"
	"regexp"
	"strconv"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// layerAddress is where a layer is, or a version of it.
type layerAddress struct {
	kv.Scope
	Name   string
	Number uint64 // 0 for the layer
}

func (a layerAddress) arn() string {
	return aws.NewARN("lambda", a.Region, a.Account, "layer:"+a.Name).String()
}

func (a layerAddress) number() string { return strconv.FormatUint(a.Number, 10) }

func (a layerAddress) versionARN() string { return a.arn() + ":" + a.number() }

// layered has the forms of a layer's name: the name, and an ARN, with a version or without.
var layered = regexp.MustCompile(`^(?:arn:[a-zA-Z0-9-]+:lambda:([a-zA-Z0-9-]+):(\d{12}):layer:)?([a-zA-Z0-9-_]{1,140})(?::([0-9]{1,18}))?$`)

// layerAt reads a layer's name or ARN. A layer of another region is nowhere.
func layerAt(c *aws.Call, name string) (layerAddress, error) {
	m := layered.FindStringSubmatch(name)
	if m == nil || m[1] == "" && m[4] != "" {
		return layerAddress{}, invalid("%s is not a valid layer name or ARN.", name)
	}
	a := layerAddress{kv.Scope{Account: c.Account, Region: c.Region}, m[3], number(m[4])}
	if m[1] != "" {
		a.Account, a.Region = aws.Account(m[2]), aws.Region(m[1])
	}
	if a.Region != c.Region {
		return layerAddress{}, invalid("Layers from '%s' are not reachable in this region ('%s')", a.Region, c.Region)
	}
	return a, nil
}

// numberedLayer is a version of a layer as paths name it.
func numberedLayer(ctx context.Context, name string, number int64) (layerAddress, error) {
	if number < 1 {
		return layerAddress{}, invalid("Layer Version Cannot be less than 1.")
	}
	a, err := layerAt(aws.CallFrom(ctx), name)
	a.Number = uint64(number)
	return a, err
}

// number reads a version's number; 0 is none.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
