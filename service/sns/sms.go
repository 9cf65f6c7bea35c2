package sns

import (
	"context"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// smsAttributes are the settings of an account for text messages.
var smsAttributes = []string{"MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID", "DefaultSMSType", "UsageReportS3Bucket"}

// SetSMSAttributes sets the account's settings for text messages.
func (s *Service) SetSMSAttributes(ctx context.Context, in *sns.SetSMSAttributesInput) (*sns.SetSMSAttributesOutput, error) {
	for name, value := range in.Attributes {
		bad := !slices.Contains(smsAttributes, name)
		switch name {
		case "DefaultSMSType":
			bad = value != "Promotional" && value != "Transactional"
		case "DefaultSenderID":
			bad = len(value) == 0 || len(value) > 11 || !isWord(value, "")
		case "MonthlySpendLimit":
			n, err := strconv.Atoi(value)
			bad = err != nil || n < 0
		case "DeliveryStatusSuccessSamplingRate":
			n, err := strconv.Atoi(value)
			bad = err != nil || n < 0 || n > 100
		}
		if bad {
			return nil, invalid("%s is not a valid attribute", name)
		}
	}
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		have := smsSettings(tx, sc)
		for name, value := range in.Attributes {
			have[name] = value
		}
		texting.Put(tx, texting.Key(sc), &settings{Attributes: have})
		return nil
	})
	return &sns.SetSMSAttributesOutput{}, err
}

func smsSettings(tx kv.Tx, sc kv.Scope) map[string]string {
	if have, ok := texting.Get(tx, texting.Key(sc)); ok {
		return have.Attributes
	}
	return map[string]string{"MonthlySpendLimit": defaultSpendLimit}
}

// GetSMSAttributes returns the account's settings for text messages.
func (s *Service) GetSMSAttributes(ctx context.Context, in *sns.GetSMSAttributesInput) (*sns.GetSMSAttributesOutput, error) {
	out := new(sns.GetSMSAttributesOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.Attributes = smsSettings(tx, scopeOf(ctx))
		for name := range out.Attributes {
			if len(in.Attributes) > 0 && !slices.Contains(in.Attributes, name) {
				delete(out.Attributes, name)
			}
		}
		return nil
	})
	return out, err
}

// CheckIfPhoneNumberIsOptedOut tells whether a number wants no more messages.
func (s *Service) CheckIfPhoneNumberIsOptedOut(ctx context.Context, in *sns.CheckIfPhoneNumberIsOptedOutInput) (*sns.CheckIfPhoneNumberIsOptedOutOutput, error) {
	if !isPhone(in.PhoneNumber) {
		return nil, badPhone()
	}
	var is bool
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		is = isOptedOut(tx, scopeOf(ctx), in.PhoneNumber)
		return nil
	})
	return &sns.CheckIfPhoneNumberIsOptedOutOutput{IsOptedOut: &is}, err
}

func badPhone() error { return invalid("PhoneNumber Reason: input incorrectly formatted") }

func isOptedOut(tx kv.Tx, sc kv.Scope, number string) bool {
	return optOuts.Has(tx, optOuts.Key(sc, kv.String(number)))
}

// OptOut notes that a number wants no more messages. People do that by
// answering STOP; here the one at the console does it for them.
func (s *Service) OptOut(ctx context.Context, sc kv.Scope, number string) error {
	if !isPhone(number) {
		return badPhone()
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		optOuts.Put(tx, optOuts.Key(sc, kv.String(number)), &struct{}{})
		return nil
	})
}

// OptInPhoneNumber takes a number off the list of those that want no messages.
func (s *Service) OptInPhoneNumber(ctx context.Context, in *sns.OptInPhoneNumberInput) (*sns.OptInPhoneNumberOutput, error) {
	if !isPhone(in.PhoneNumber) {
		return nil, badPhone()
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		optOuts.Delete(tx, optOuts.Key(scopeOf(ctx), kv.String(in.PhoneNumber)))
		return nil
	})
	return &sns.OptInPhoneNumberOutput{}, err
}

// ListPhoneNumbersOptedOut lists the numbers that want no messages.
func (s *Service) ListPhoneNumbersOptedOut(ctx context.Context, in *sns.ListPhoneNumbersOptedOutInput) (*sns.ListPhoneNumbersOptedOutOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(sns.ListPhoneNumbersOptedOutOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListPhoneNumbersOptedOutOutput{PhoneNumbers: []string{}}
		for key := range tx.Scan(p.of(kv.Prefix(optOuts.Prefix(scopeOf(ctx))))) {
			if len(out.PhoneNumbers) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := optOuts.Parts(key)
			out.PhoneNumbers = append(out.PhoneNumbers, parts.String())
		}
		return nil
	})
	return out, err
}

// publishToPhone sends one text message.
func (s *Service) publishToPhone(ctx context.Context, number string, structure *string, d *draft) (*sns.PublishOutput, error) {
	if !isPhone(number) {
		return nil, invalid("PhoneNumber Reason: %s is not valid to publish to", number)
	}
	if len(d.Body) > maxSMS {
		return nil, invalid("Message too long")
	}
	if err := d.split(structure, true); err != nil {
		return nil, err
	}
	id, sc := aws.UUID(s.Random), scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if isOptedOut(tx, sc, number) {
			return sns.ErrOptedOutException("Phone number is opted out")
		}
		from := smsSettings(tx, sc)["DefaultSenderID"]
		for i := range d.Attributes {
			if d.Attributes[i].Name == "AWS.SNS.SMS.SenderID" {
				from = d.Attributes[i].Text
			}
		}
		s.put(ctx, tx, sc, &Letter{ID: id, Protocol: protocolSMS, To: number, From: from, Body: d.bodyFor(protocolSMS)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.PublishOutput{MessageId: &id}, nil
}

// cutSMS shortens a text to what fits into a message.
func cutSMS(s string) string {
	if len(s) <= maxSMS {
		return s
	}
	end := maxSMS
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
