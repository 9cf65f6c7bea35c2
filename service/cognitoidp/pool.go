package cognitoidp

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateUserPool makes a pool, with the keys that its tokens will be signed with.
func (s *Service) CreateUserPool(ctx context.Context, in *cognitoidp.CreateUserPoolInput) (*cognitoidp.CreateUserPoolOutput, error) {
	fixed, err := fixedSettings(in)
	if err != nil {
		return nil, err
	}
	settings, err := changeableSettings(updateOf(in), fixed)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.UserPoolTags); err != nil {
		return nil, err
	}
	keys, err := s.newKeys()
	if err != nil {
		return nil, err
	}
	sc := scopeOf(ctx)
	out := new(cognitoidp.CreateUserPoolOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if n := count(tx, kv.Prefix(pools.Prefix(sc)), maxPools); n == maxPools {
			return cognitoidp.ErrLimitExceededException("The maximum number of user pools, %d, has been reached.", maxPools)
		}
		p := &pool{
			at:   address{sc, string(sc.Region) + "_" + aws.Text(s.Random, aws.AlphaNumeric, poolIDLength)},
			Name: in.PoolName, Created: tx.Now(), Modified: tx.Now(), Keys: keys, settings: settings, Secret: s.bytes(sha256.Size),
		}
		p.mfa = new(cognitoidp.GetUserPoolMfaConfigOutput)
		if err := p.checkMFA(); err != nil {
			return err
		}
		p.put(tx)
		out.UserPool = p.describe(tx)
		return nil
	})
	return out, err
}

const poolIDLength = 9 // behind the region

// count counts the rows of r, up to most.
func count(tx kv.Tx, r kv.Range, most int) (n int) {
	for range tx.Scan(r) {
		if n++; n == most {
			break
		}
	}
	return n
}

// Tokens are signed with RS256, which needs 2048 bits.
const keyBits = 2048

// newKeys makes a pool's keys: one for ID tokens, one for access tokens.
// AWS: "Verifying JSON web tokens": the two have different key ids.
func (s *Service) newKeys() ([]signingKey, error) {
	keys := make([]signingKey, 2)
	for i := range keys {
		k, err := rsa.GenerateKey(aws.Reader(s.Random), keyBits)
		if err != nil {
			return nil, err
		}
		keys[i] = signingKey{ID: base64.StdEncoding.EncodeToString(s.bytes(sha256.Size)), Private: x509.MarshalPKCS1PrivateKey(k)}
	}
	return keys, nil
}

// bytes returns n random bytes.
func (s *Service) bytes(n int) []byte {
	b := make([]byte, n)
	aws.Reader(s.Random).Read(b) //nolint:errcheck // never fails
	return b
}

// describe is the pool as callers see it.
func (p *pool) describe(tx kv.Tx) *cognitoidp.UserPoolType {
	d := *p.settings
	d.Id, d.Arn, d.Name = &p.at.ID, new(p.at.arn()), &p.Name
	d.CreationDate, d.LastModifiedDate = &p.Created, &p.Modified
	d.EstimatedNumberOfUsers = new(int32(p.total(tx, countUsers)))
	return &d
}

// DescribeUserPool returns a pool's settings.
func (s *Service) DescribeUserPool(ctx context.Context, in *cognitoidp.DescribeUserPoolInput) (*cognitoidp.DescribeUserPoolOutput, error) {
	out := new(cognitoidp.DescribeUserPoolOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		out.UserPool = p.describe(tx)
		return nil
	})
	return out, err
}

// UpdateUserPool replaces a pool's settings.
// AWS: UpdateUserPool: what is left out returns to its default.
func (s *Service) UpdateUserPool(ctx context.Context, in *cognitoidp.UpdateUserPoolInput) (*cognitoidp.UpdateUserPoolOutput, error) {
	if err := checkTags(in.UserPoolTags); err != nil {
		return nil, err
	}
	err := s.change(ctx, here(ctx, in.UserPoolId), func(_ kv.Tx, p *pool) error {
		settings, err := changeableSettings(in, p.settings)
		if err != nil {
			return err
		}
		if in.PoolName != nil {
			p.Name = *in.PoolName
		}
		p.settings = settings
		return p.checkMFA()
	})
	return &cognitoidp.UpdateUserPoolOutput{}, err
}

// ListUserPools lists pools in the order of their ids.
func (s *Service) ListUserPools(ctx context.Context, in *cognitoidp.ListUserPoolsInput) (*cognitoidp.ListUserPoolsOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListUserPoolsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = cognitoidp.ListUserPoolsOutput{UserPools: []cognitoidp.UserPoolDescriptionType{}}
		for key, row := range pools.Scan(tx, p.of(kv.Prefix(pools.Prefix(scopeOf(ctx))))) {
			if len(out.UserPools) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			id := pools.Parts(key)
			out.UserPools = append(out.UserPools, cognitoidp.UserPoolDescriptionType{
				Id: new(id.String()), Name: &row.Name, CreationDate: &row.Created, LastModifiedDate: &row.Modified,
				LambdaConfig: decode[cognitoidp.UserPoolType](row.Settings).LambdaConfig,
			})
		}
		return nil
	})
	return out, err
}

// DeleteUserPool deletes a pool and all that is in it.
func (s *Service) DeleteUserPool(ctx context.Context, in *cognitoidp.DeleteUserPoolInput) (*cognitoidp.DeleteUserPoolOutput, error) {
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if p.settings.DeletionProtection == cognitoidp.DeletionProtectionTypeACTIVE {
			return invalid("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		if p.settings.Domain != nil {
			return invalid("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		p.drop(tx)
		return nil
	})
	return &cognitoidp.DeleteUserPoolOutput{}, err
}

// AddCustomAttributes adds attributes to a pool's schema. They stay for good.
func (s *Service) AddCustomAttributes(ctx context.Context, in *cognitoidp.AddCustomAttributesInput) (*cognitoidp.AddCustomAttributesOutput, error) {
	err := s.change(ctx, here(ctx, in.UserPoolId), func(_ kv.Tx, p *pool) (err error) {
		for i := range in.CustomAttributes {
			if err = addCustom(&p.settings.SchemaAttributes, in.CustomAttributes[i]); err != nil {
				break
			}
		}
		return err
	})
	return &cognitoidp.AddCustomAttributesOutput{}, err
}
