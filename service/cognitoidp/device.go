package cognitoidp

import (
	"context"
	"encoding/base64"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func noDevice() error { return cognitoidp.ErrResourceNotFoundException("Device does not exist.") }

// device returns a device of the user's.
func (u *user) device(tx kv.Tx, key string) (*device, error) {
	d, ok := devices.Get(tx, u.deviceKey(key))
	if !ok {
		return nil, noDevice()
	}
	return d, nil
}

// newDevice offers a user who has signed in to remember the device, which it has to
// confirm. What nobody has confirmed in time goes.
func (s *Service) newDevice(tx kv.Tx, u *user) *cognitoidp.NewDeviceMetadataType {
	for key, old := range devices.Scan(tx, kv.Prefix(u.devices())) {
		if len(old.Secret.Verifier) == 0 && tx.Now().Sub(old.Created) > mostTokenValidity {
			devices.Delete(tx, key)
		}
	}
	key, group := string(u.pool.at.Region)+"_"+aws.UUID(s.Random), "-"+aws.Text(s.Random, aws.AlphaNumeric, groupKeyLength)
	devices.Put(tx, u.deviceKey(key), &device{Group: group, Created: tx.Now(), Modified: tx.Now(), Used: tx.Now()})
	return &cognitoidp.NewDeviceMetadataType{DeviceKey: &key, DeviceGroupKey: &group}
}

const groupKeyLength = 8

// ConfirmDevice begins to keep track of a device, which then can prove that it is the one.
func (s *Service) ConfirmDevice(ctx context.Context, in *cognitoidp.ConfirmDeviceInput) (*cognitoidp.ConfirmDeviceOutput, error) {
	config := orNew(in.DeviceSecretVerifierConfig)
	salt, errSalt := base64.StdEncoding.DecodeString(deref(config.Salt))
	verifier, err := base64.StdEncoding.DecodeString(deref(config.PasswordVerifier))
	if err != nil || errSalt != nil || len(verifier) == 0 || len(salt) == 0 {
		return nil, invalid("Invalid device secret verifier config.")
	}
	out := new(cognitoidp.ConfirmDeviceOutput)
	err = s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		d, err := u.device(tx, in.DeviceKey)
		if err != nil {
			return err
		}
		asks := u.pool.settings.DeviceConfiguration != nil && deref(u.pool.settings.DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt)
		d.Secret, d.Name, d.Remembered, d.Modified = secret{salt, verifier}, deref(in.DeviceName), !asks, tx.Now()
		d.Address = aws.CallFrom(ctx).SourceIP
		devices.Put(tx, u.deviceKey(in.DeviceKey), d)
		out.UserConfirmationNecessary = &asks
		return nil
	})
	return out, err
}

func (d *device) describe(key string) *cognitoidp.DeviceType {
	status := cognitoidp.DeviceRememberedStatusTypeNotRemembered
	if d.Remembered {
		status = cognitoidp.DeviceRememberedStatusTypeRemembered
	}
	attribute := func(name, value string) cognitoidp.AttributeType {
		return cognitoidp.AttributeType{Name: name, Value: &value}
	}
	return &cognitoidp.DeviceType{
		DeviceKey: &key, DeviceCreateDate: &d.Created, DeviceLastModifiedDate: &d.Modified, DeviceLastAuthenticatedDate: &d.Used,
		DeviceAttributes: []cognitoidp.AttributeType{
			attribute("device_status", "valid"), attribute("device_name", d.Name), attribute("dev:device_remembered_status", string(status)), attribute("last_ip_used", d.Address),
		},
	}
}

// listDevices lists the devices that the user has confirmed.
func (u *user) listDevices(tx kv.Tx, limit *int32, token *string) (all []cognitoidp.DeviceType, more *string, err error) {
	pg, err := newPage(deref(limit), token)
	if err != nil {
		return nil, nil, err
	}
	all = []cognitoidp.DeviceType{}
	for key, d := range devices.Scan(tx, pg.of(kv.Prefix(u.devices()))) {
		if len(all) == pg.size {
			return all, pg.token(key), nil
		}
		if len(d.Secret.Verifier) > 0 {
			all = append(all, *d.describe(deviceOf(key)))
		}
	}
	return all, nil, nil
}

// ListDevices lists the devices of the user who calls.
func (s *Service) ListDevices(ctx context.Context, in *cognitoidp.ListDevicesInput) (*cognitoidp.ListDevicesOutput, error) {
	out := new(cognitoidp.ListDevicesOutput)
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) (err error) {
		out.Devices, out.PaginationToken, err = u.listDevices(tx, in.Limit, in.PaginationToken)
		return err
	})
	return out, err
}

// AdminListDevices lists the devices of a user.
func (s *Service) AdminListDevices(ctx context.Context, in *cognitoidp.AdminListDevicesInput) (*cognitoidp.AdminListDevicesOutput, error) {
	out := new(cognitoidp.AdminListDevicesOutput)
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) (err error) {
		out.Devices, out.PaginationToken, err = u.listDevices(tx, in.Limit, in.PaginationToken)
		return err
	})
	return out, err
}

// GetDevice tells of a device of the user who calls.
func (s *Service) GetDevice(ctx context.Context, in *cognitoidp.GetDeviceInput) (*cognitoidp.GetDeviceOutput, error) {
	out := new(cognitoidp.GetDeviceOutput)
	err := s.signedIn(ctx, deref(in.AccessToken), func(tx kv.Tx, _ *client, u *user) error {
		d, err := u.device(tx, in.DeviceKey)
		if err == nil {
			out.Device = d.describe(in.DeviceKey)
		}
		return err
	})
	return out, err
}

// AdminGetDevice tells of a device of a user.
func (s *Service) AdminGetDevice(ctx context.Context, in *cognitoidp.AdminGetDeviceInput) (*cognitoidp.AdminGetDeviceOutput, error) {
	out := new(cognitoidp.AdminGetDeviceOutput)
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		d, err := u.device(tx, in.DeviceKey)
		if err == nil {
			out.Device = d.describe(in.DeviceKey)
		}
		return err
	})
	return out, err
}

// remember says whether a device is remembered.
func (u *user) remember(tx kv.Tx, key string, status cognitoidp.DeviceRememberedStatusType) error {
	d, err := u.device(tx, key)
	if err != nil {
		return err
	}
	d.Remembered, d.Modified = status == cognitoidp.DeviceRememberedStatusTypeRemembered, tx.Now()
	devices.Put(tx, u.deviceKey(key), d)
	return nil
}

// UpdateDeviceStatus says whether a device of the user who calls is remembered.
func (s *Service) UpdateDeviceStatus(ctx context.Context, in *cognitoidp.UpdateDeviceStatusInput) (*cognitoidp.UpdateDeviceStatusOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		return u.remember(tx, in.DeviceKey, in.DeviceRememberedStatus)
	})
	return &cognitoidp.UpdateDeviceStatusOutput{}, err
}

// AdminUpdateDeviceStatus says whether a device of a user is remembered.
func (s *Service) AdminUpdateDeviceStatus(ctx context.Context, in *cognitoidp.AdminUpdateDeviceStatusInput) (*cognitoidp.AdminUpdateDeviceStatusOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		return u.remember(tx, in.DeviceKey, in.DeviceRememberedStatus)
	})
	return &cognitoidp.AdminUpdateDeviceStatusOutput{}, err
}

func (u *user) forget(tx kv.Tx, key string) error {
	_, err := u.device(tx, key)
	if err == nil {
		devices.Delete(tx, u.deviceKey(key))
	}
	return err
}

// ForgetDevice forgets a device of the user who calls.
func (s *Service) ForgetDevice(ctx context.Context, in *cognitoidp.ForgetDeviceInput) (*cognitoidp.ForgetDeviceOutput, error) {
	err := s.signedIn(ctx, deref(in.AccessToken), func(tx kv.Tx, _ *client, u *user) error { return u.forget(tx, in.DeviceKey) })
	return &cognitoidp.ForgetDeviceOutput{}, err
}

// AdminForgetDevice forgets a device of a user.
func (s *Service) AdminForgetDevice(ctx context.Context, in *cognitoidp.AdminForgetDeviceInput) (*cognitoidp.AdminForgetDeviceOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error { return u.forget(tx, in.DeviceKey) })
	return &cognitoidp.AdminForgetDeviceOutput{}, err
}
