package cognitoidp

import (
	"context"
	"encoding/base64"
	"encoding/hex"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// A device proves that it is the one by SRP, as passwords do, with a secret that it has
// made up itself.
// AWS: "Working with user devices in your user pool".

// known is the device that a user says to have, if the pool keeps track and remembers it.
func (g guest) known(tx kv.Tx) (*device, error) {
	if g.pool.settings.DeviceConfiguration == nil || g.device == "" {
		return nil, nil
	}
	d, err := g.user.device(tx, g.device)
	if err != nil || !d.Remembered || len(d.Secret.Verifier) == 0 {
		return nil, err
	}
	return d, nil
}

// second is what comes after the password: the device's proof, or what comes after that.
func (s *Service) second(ctx context.Context, tx kv.Tx, g guest) (step, error) {
	d, err := g.known(tx)
	switch {
	case err != nil:
		return step{}, err
	case d == nil:
		return s.factor(ctx, tx, g)
	}
	t := s.open(tx, g.at, g.user, attempt{Step: string(cognitoidp.ChallengeNameTypeDEVICESRPAUTH)})
	return step{challenge: cognitoidp.ChallengeNameTypeDEVICESRPAUTH, session: &t.text, parameters: map[string]string{"USERNAME": g.Name, "DEVICE_KEY": g.device}}, nil
}

// deviceSRP begins the exchange with a device.
func (s *Service) deviceSRP(tx kv.Tx, g guest, e entrySession) (step, error) {
	a, t, err := g.resume(tx, g.at, e.session, cognitoidp.ChallengeNameTypeDEVICESRPAUTH)
	if err != nil {
		return step{}, err
	}
	d, err := g.known(tx)
	if err != nil || d == nil {
		return step{}, noDevice()
	}
	private, public := s.bytes(privateBytes), e.values["SRP_A"]
	x, ok := newExchange(d.Secret, public, private)
	if !ok {
		return step{}, invalid("SRP_A is not a valid public number.")
	}
	g.use(tx, t, a)
	t = s.open(tx, g.at, g.user, attempt{Step: string(cognitoidp.ChallengeNameTypeDEVICEPASSWORDVERIFIER), Private: private, Public: public})
	return step{challenge: cognitoidp.ChallengeNameTypeDEVICEPASSWORDVERIFIER, session: &t.text, parameters: map[string]string{
		"SALT": hex.EncodeToString(d.Secret.Salt), "SRP_B": x.open.Text(16), "SECRET_BLOCK": base64.StdEncoding.EncodeToString(t.block()),
		"USERNAME": g.Name, "DEVICE_KEY": g.device,
	}}, nil
}

// deviceVerify checks what a device proves, which may stand for a second factor.
func (s *Service) deviceVerify(ctx context.Context, tx kv.Tx, g guest, e *entry) (step, error) {
	block, stamp := e.values["PASSWORD_CLAIM_SECRET_BLOCK"], e.values["TIMESTAMP"]
	a, t, err := g.resume(tx, g.at, block, cognitoidp.ChallengeNameTypeDEVICEPASSWORDVERIFIER)
	if err != nil {
		return step{}, err
	}
	d, err := g.known(tx)
	if err != nil || d == nil {
		return step{}, noDevice()
	}
	g.use(tx, t, a)
	signature, _ := base64.StdEncoding.DecodeString(e.values["PASSWORD_CLAIM_SIGNATURE"])
	x, ok := newExchange(d.Secret, a.Public, a.Private)
	if !ok || !x.proves(identity{d.Group, g.device}, t.block(), stamp, signature) {
		return step{}, kept{incorrect()}
	}
	d.Used = tx.Now()
	devices.Put(tx, g.deviceKey(g.device), d)
	g.caller.device = g.device
	if deref(g.pool.settings.DeviceConfiguration.ChallengeRequiredOnNewDevice) {
		return step{passed: g.user}, nil
	}
	return s.factor(ctx, tx, g)
}
