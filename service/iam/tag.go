package iam

import (
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

func tagsOf(in []api.Tag) []tag {
	var out []tag
	for _, t := range in {
		out = append(out, tag{t.Key, t.Value})
	}
	return out
}

func showTags(in []tag) []api.Tag {
	var out []api.Tag
	for _, t := range in {
		out = append(out, api.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}

// tagMap gives tags as conditions ask for them; nil when there are none.
func tagMap(tags []tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}

// checkTags checks the tags of a request.
// AWS: "Tags for AWS Identity and Access Management resources", rules.
func checkTags(in []api.Tag) error {
	if len(in) > maxTags {
		return tooManyTags()
	}
	for i, t := range in {
		if len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:") {
			return api.ErrInvalidInputException("Tag keys with the prefix aws: are reserved for AWS use.")
		}
		for _, other := range in[:i] {
			if strings.EqualFold(t.Key, other.Key) {
				return api.ErrInvalidInputException("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
			}
		}
	}
	return nil
}

func tooManyTags() *aws.Error {
	return api.ErrLimitExceededException("The number of tags has reached the maximum limit of %d.", maxTags)
}

// retag adds tags; one with a known key replaces its value.
// AWS: tag keys are found whatever their case, and keep the first one's.
func retag(e *entity, in []api.Tag) error {
	if err := checkTags(in); err != nil {
		return err
	}
	for _, t := range in {
		i := slices.IndexFunc(e.Tags, func(have tag) bool { return strings.EqualFold(have.Key, t.Key) })
		if i < 0 {
			e.Tags = append(e.Tags, tag{t.Key, t.Value})
			continue
		}
		e.Tags[i].Value = t.Value
	}
	if len(e.Tags) > maxTags {
		return tooManyTags()
	}
	return nil
}

// untag removes tags; keys that are not there are no error.
func untag(e *entity, keys []string) {
	e.Tags = slices.DeleteFunc(e.Tags, func(have tag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(have.Key, key) })
	})
}

// listTags gives a page of tags.
func listTags(e *entity, marker *string, maxItems *int32) (part[api.Tag], error) {
	p, err := pageOf(marker, maxItems)
	if err != nil {
		return part[api.Tag]{}, err
	}
	return slice(showTags(e.Tags), p)
}
