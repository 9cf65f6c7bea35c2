package sns

import (
	"context"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// codeLength is the number of digits of a one-time password.
const codeLength = 6

func sandboxKey(sc kv.Scope, number string) kv.Key { return sandbox.Key(sc, kv.String(number)) }

// GetSMSSandboxAccountStatus tells whether the account is in the sandbox. Here
// no account is: nothing is sent to anybody.
func (s *Service) GetSMSSandboxAccountStatus(context.Context, *sns.GetSMSSandboxAccountStatusInput) (*sns.GetSMSSandboxAccountStatusOutput, error) {
	return &sns.GetSMSSandboxAccountStatusOutput{IsInSandbox: false}, nil
}

// CreateSMSSandboxPhoneNumber adds a number, and sends it a one-time password.
func (s *Service) CreateSMSSandboxPhoneNumber(ctx context.Context, in *sns.CreateSMSSandboxPhoneNumberInput) (*sns.CreateSMSSandboxPhoneNumberOutput, error) {
	if !isPhone(in.PhoneNumber) {
		return nil, badPhone()
	}
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if isOptedOut(tx, sc, in.PhoneNumber) {
			return sns.ErrOptedOutException("Phone number is opted out")
		}
		p, ok := sandbox.Get(tx, sandboxKey(sc, in.PhoneNumber))
		if ok && p.Verified {
			return sns.ErrUserErrorException("Phone number is already verified")
		}
		p = &phone{Code: aws.Text(s.Random, "0123456789", codeLength)}
		sandbox.Put(tx, sandboxKey(sc, in.PhoneNumber), p)
		s.put(ctx, tx, sc, &Letter{Protocol: protocolSMS, To: in.PhoneNumber, Body: "Your verification code is " + p.Code + "."})
		return nil
	})
	return &sns.CreateSMSSandboxPhoneNumberOutput{}, err
}

// VerifySMSSandboxPhoneNumber verifies a number with its one-time password.
func (s *Service) VerifySMSSandboxPhoneNumber(ctx context.Context, in *sns.VerifySMSSandboxPhoneNumberInput) (*sns.VerifySMSSandboxPhoneNumberOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, ok := sandbox.Get(tx, sandboxKey(sc, in.PhoneNumber))
		switch {
		case !ok:
			return sns.ErrResourceNotFoundException("The phone number is not in the sandbox")
		case p.Code != in.OneTimePassword && !p.Verified:
			detail := &sns.VerificationException{Message: "The one-time password is incorrect", Status: "Incorrect"}
			return sns.ErrVerificationException(detail, "%s", detail.Message)
		}
		sandbox.Put(tx, sandboxKey(sc, in.PhoneNumber), &phone{Verified: true})
		return nil
	})
	return &sns.VerifySMSSandboxPhoneNumberOutput{}, err
}

// DeleteSMSSandboxPhoneNumber removes a number.
func (s *Service) DeleteSMSSandboxPhoneNumber(ctx context.Context, in *sns.DeleteSMSSandboxPhoneNumberInput) (*sns.DeleteSMSSandboxPhoneNumberOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if !sandbox.Has(tx, sandboxKey(sc, in.PhoneNumber)) {
			return sns.ErrResourceNotFoundException("The phone number is not in the sandbox")
		}
		sandbox.Delete(tx, sandboxKey(sc, in.PhoneNumber))
		return nil
	})
	return &sns.DeleteSMSSandboxPhoneNumberOutput{}, err
}

// ListSMSSandboxPhoneNumbers lists the numbers.
func (s *Service) ListSMSSandboxPhoneNumbers(ctx context.Context, in *sns.ListSMSSandboxPhoneNumbersInput) (*sns.ListSMSSandboxPhoneNumbersOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	if in.MaxResults != nil {
		p.size = int(*in.MaxResults)
	}
	out := new(sns.ListSMSSandboxPhoneNumbersOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListSMSSandboxPhoneNumbersOutput{PhoneNumbers: []sns.SMSSandboxPhoneNumber{}}
		for key, row := range sandbox.Scan(tx, p.of(kv.Prefix(sandbox.Prefix(scopeOf(ctx))))) {
			if len(out.PhoneNumbers) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := sandbox.Parts(key)
			number, status := parts.String(), sns.SMSSandboxPhoneNumberVerificationStatusPending
			if row.Verified {
				status = sns.SMSSandboxPhoneNumberVerificationStatusVerified
			}
			out.PhoneNumbers = append(out.PhoneNumbers, sns.SMSSandboxPhoneNumber{PhoneNumber: &number, Status: status})
		}
		return nil
	})
	return out, err
}

// ListOriginationNumbers lists the numbers that the account sends from: none.
func (s *Service) ListOriginationNumbers(context.Context, *sns.ListOriginationNumbersInput) (*sns.ListOriginationNumbersOutput, error) {
	return &sns.ListOriginationNumbersOutput{PhoneNumbers: []sns.PhoneNumberInformation{}}, nil
}
