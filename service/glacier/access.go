package glacier

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: which vault a call is about, with its access and
// lock policies, which decide alike.
// AWS: "Actions, resources, and condition keys for Amazon S3 Glacier".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	access := aws.Access{Action: "glacier:" + operation, Resource: "*"}
	account, name := subject(input)
	sc := scopeOf(ctx, account)
	access.Owner = sc.Account
	if name == "" {
		return []aws.Access{access}, nil
	}
	a := address{sc, name}
	access.Resource = a.arn()
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.find(tx)
		if err != nil {
			return nil
		}
		access.Policy = v.Policy
		if v.Lock.isSet(tx.Now()) {
			access.Policy, err = merge(v.Policy, v.Lock.Policy)
		}
		access.Keys = v.conditionKeys(tx, input)
		return err
	})
	return []aws.Access{access}, err
}

// conditionKeys gives the values of Glacier's own condition keys.
func (v *vault) conditionKeys(tx kv.Tx, input any) func(string) ([]string, bool) {
	age := ""
	if id := archiveOf(input); id != "" {
		if a, err := v.archive(tx, id); err == nil {
			age = strconv.Itoa(int(tx.Now().Sub(a.Created) / (24 * time.Hour)))
		}
	}
	return func(key string) ([]string, bool) {
		if key == "glacier:archiveageindays" {
			return []string{age}, age != ""
		}
		tag, ok := strings.CutPrefix(key, "glacier:resourcetag/")
		if !ok {
			return nil, false
		}
		for k, value := range v.Tags {
			if strings.EqualFold(k, tag) {
				return []string{value}, true
			}
		}
		return nil, false
	}
}

func archiveOf(input any) string {
	switch in := input.(type) {
	case *glacier.DeleteArchiveInput:
		return in.ArchiveId
	case *glacier.InitiateJobInput:
		if in.JobParameters != nil {
			return deref(in.JobParameters.ArchiveId)
		}
	}
	return ""
}

// merge makes one policy of two. Statements keep their effect but not their
// Sids, which must differ within a policy and need not between two.
func merge(access, lock string) (string, error) {
	if access == "" {
		return lock, nil
	}
	merged := struct {
		Version   string
		Statement []map[string]json.RawMessage
	}{}
	for _, doc := range []string{access, lock} {
		var p struct {
			Version   string
			Statement json.RawMessage
		}
		if err := json.Unmarshal([]byte(doc), &p); err != nil {
			return "", err
		}
		var all []map[string]json.RawMessage
		if err := json.Unmarshal(p.Statement, &all); err != nil { // a single one may stand alone
			all = make([]map[string]json.RawMessage, 1)
			if err := json.Unmarshal(p.Statement, &all[0]); err != nil {
				return "", err
			}
		}
		for _, st := range all {
			delete(st, "Sid")
		}
		merged.Statement = append(merged.Statement, all...)
		merged.Version = max(merged.Version, p.Version, "2008-10-17") // the newer language understands both
	}
	b, err := json.Marshal(&merged)
	return string(b), err
}
