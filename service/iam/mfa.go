package iam

import (
	"context"
	"encoding/base32"
	"time"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateVirtualMFADevice makes a device, whose seed goes into an authenticator.
// There is no QRCodePNG: the seed says the same.
func (s *Service) CreateVirtualMFADevice(ctx context.Context, in *api.CreateVirtualMFADeviceInput) (*api.CreateVirtualMFADeviceOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreateVirtualMFADeviceOutput
	err := s.update(ctx, func(t *tx) error {
		d := &device{
			Serial: t.arn("mfa" + or(in.Path, defaultPath) + in.VirtualMFADeviceName), Tags: tagsOf(in.Tags),
			Seed: []byte(aws.Text(t.Random, aws.AlphaNumeric, seedLength)),
		}
		if devices.Has(t.Tx, t.deviceKey(d.Serial)) {
			return api.ErrEntityAlreadyExistsException("MFADevice entity at the same path and name already exists.")
		}
		t.putDevice(d)
		seed := base32.StdEncoding.EncodeToString(d.Seed)
		out.VirtualMFADevice = &api.VirtualMFADevice{
			SerialNumber: d.Serial, Base32StringSeed: []byte(seed), Tags: showTags(d.Tags),
		}
		return nil
	})
	return &out, err
}

// EnableMFADevice binds a device to a user, who proves with two codes in
// sequence that it works.
func (s *Service) EnableMFADevice(ctx context.Context, in *api.EnableMFADeviceInput) (*api.EnableMFADeviceOutput, error) {
	return &api.EnableMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		o, err := t.mfaOwner(in.UserName)
		if err != nil {
			return err
		}
		d, err := t.device(in.SerialNumber)
		switch {
		case err != nil:
			return err
		case d.Enabled:
			return api.ErrEntityAlreadyExistsException("MFA Device is already in use.")
		case len(t.devicesOf(o.id)) >= maxMFADevices:
			return exceeded("MFADevicesPerUser", maxMFADevices)
		}
		if !d.resync(t.Now(), in.AuthenticationCode1, in.AuthenticationCode2) {
			return badCodes()
		}
		d.Enabled, d.UserID, d.Since = true, o.id, t.Now()
		t.putDevice(d)
		return nil
	})
}

func badCodes() *aws.Error {
	return api.ErrInvalidAuthenticationCodeException("Authentication code for device is not valid.")
}

// rootName is how operations name the root user where they want a user's name.
const rootName = "<root_account>"

func (t *tx) mfaOwner(name string) (owner, error) {
	if name == string(t.Account) || name == rootName {
		return owner{}, nil
	}
	u, err := t.user(name)
	if err != nil {
		return owner{}, err
	}
	return owner{u.ID, u.Name}, nil
}

// ResyncMFADevice finds out how far a device's clock is off.
func (s *Service) ResyncMFADevice(ctx context.Context, in *api.ResyncMFADeviceInput) (*api.ResyncMFADeviceOutput, error) {
	return &api.ResyncMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		d, err := t.deviceOf(&in.UserName, in.SerialNumber)
		if err != nil {
			return err
		}
		if !d.resync(t.Now(), in.AuthenticationCode1, in.AuthenticationCode2) {
			return badCodes()
		}
		t.putDevice(d)
		return nil
	})
}

// DeactivateMFADevice takes a device from its user.
func (s *Service) DeactivateMFADevice(ctx context.Context, in *api.DeactivateMFADeviceInput) (*api.DeactivateMFADeviceOutput, error) {
	return &api.DeactivateMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		d, err := t.deviceOf(in.UserName, in.SerialNumber)
		if err != nil {
			return err
		}
		d.Enabled, d.UserID, d.Since = false, "", time.Time{}
		t.putDevice(d)
		return nil
	})
}

// DeleteVirtualMFADevice removes a device that no user has.
func (s *Service) DeleteVirtualMFADevice(ctx context.Context, in *api.DeleteVirtualMFADeviceInput) (*api.DeleteVirtualMFADeviceOutput, error) {
	return &api.DeleteVirtualMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		d, err := t.device(in.SerialNumber)
		if err != nil {
			return err
		}
		if d.Enabled {
			return api.ErrDeleteConflictException("MFA VirtualDevice in use. Must deactivate first.")
		}
		devices.Delete(t.Tx, t.deviceKey(d.Serial))
		return nil
	})
}

// ListMFADevices lists the devices of a user.
func (s *Service) ListMFADevices(ctx context.Context, in *api.ListMFADevicesInput) (*api.ListMFADevicesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.MFADevice]
	err = s.view(ctx, func(t *tx) error {
		o, err := t.owner(ctx, in.UserName)
		if err != nil {
			return err
		}
		all := []api.MFADevice{}
		for _, d := range t.devicesOf(o.id) {
			all = append(all, api.MFADevice{UserName: o.name, SerialNumber: d.Serial, EnableDate: d.Since})
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListMFADevicesOutput{MFADevices: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// GetMFADevice describes a device that is in use.
func (s *Service) GetMFADevice(ctx context.Context, in *api.GetMFADeviceInput) (*api.GetMFADeviceOutput, error) {
	var out api.GetMFADeviceOutput
	err := s.view(ctx, func(t *tx) error {
		d, err := t.device(in.SerialNumber)
		if err != nil {
			return err
		}
		if in.UserName != nil {
			if d, err = t.deviceOf(in.UserName, in.SerialNumber); err != nil {
				return err
			}
		}
		out.SerialNumber = d.Serial
		if u, ok := get(t, &users, d.UserID); ok && d.UserID != "" {
			out.UserName = &u.Name
		}
		if d.Enabled {
			out.EnableDate = &d.Since
		}
		return nil
	})
	return &out, err
}

// ListVirtualMFADevices lists all devices, by whether they are in use.
func (s *Service) ListVirtualMFADevices(ctx context.Context, in *api.ListVirtualMFADevicesInput) (*api.ListVirtualMFADevicesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.VirtualMFADevice]
	err = s.view(ctx, func(t *tx) error {
		all := listing[device]{
			rows:   func(r kv.Range) rows[device] { return devices.Scan(t.Tx, r) },
			prefix: devices.Prefix(t.Scope), at: func(d *device) string { return d.Serial },
		}
		out = walk(all, p, func(d *device) (api.VirtualMFADevice, bool) {
			in := in.AssignmentStatus == "" || in.AssignmentStatus == api.AssignmentStatusTypeAny ||
				d.Enabled == (in.AssignmentStatus == api.AssignmentStatusTypeAssigned)
			return t.showDevice(d), in
		})
		return nil
	})
	return &api.ListVirtualMFADevicesOutput{VirtualMFADevices: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) showDevice(d *device) api.VirtualMFADevice {
	out := api.VirtualMFADevice{SerialNumber: d.Serial, Tags: showTags(d.Tags)}
	if !d.Enabled {
		return out
	}
	out.EnableDate = &d.Since
	if u, ok := get(t, &users, d.UserID); ok && d.UserID != "" {
		out.User = new(t.showUser(u))
	} else {
		out.User = &api.User{UserId: string(t.Account), Arn: t.arn("root")}
	}
	return out
}

// TagMFADevice adds tags to a device.
func (s *Service) TagMFADevice(ctx context.Context, in *api.TagMFADeviceInput) (*api.TagMFADeviceOutput, error) {
	return &api.TagMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		d, err := t.device(in.SerialNumber)
		if err != nil {
			return err
		}
		e := entity{Tags: d.Tags}
		if err := retag(&e, in.Tags); err != nil {
			return err
		}
		d.Tags = e.Tags
		t.putDevice(d)
		return nil
	})
}

// UntagMFADevice removes tags from a device.
func (s *Service) UntagMFADevice(ctx context.Context, in *api.UntagMFADeviceInput) (*api.UntagMFADeviceOutput, error) {
	return &api.UntagMFADeviceOutput{}, s.update(ctx, func(t *tx) error {
		d, err := t.device(in.SerialNumber)
		if err != nil {
			return err
		}
		e := entity{Tags: d.Tags}
		untag(&e, in.TagKeys)
		d.Tags = e.Tags
		t.putDevice(d)
		return nil
	})
}

// ListMFADeviceTags lists a device's tags.
func (s *Service) ListMFADeviceTags(ctx context.Context, in *api.ListMFADeviceTagsInput) (*api.ListMFADeviceTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		d, err := t.device(in.SerialNumber)
		if err == nil {
			out, err = listTags(&entity{Tags: d.Tags}, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListMFADeviceTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) deviceKey(serial string) kv.Key { return devices.Key(t.Scope, kv.String(serial)) }

func (t *tx) putDevice(d *device) { devices.Put(t.Tx, t.deviceKey(d.Serial), d) }

func (t *tx) device(serial string) (*device, error) {
	if d, ok := devices.Get(t.Tx, t.deviceKey(serial)); ok {
		return d, nil
	}
	return nil, api.ErrNoSuchEntityException("VirtualMFADevice with serial number %s doesn't exist.", serial)
}

// deviceOf finds a device that a user has; no name means whoever has it.
func (t *tx) deviceOf(userName *string, serial string) (*device, error) {
	d, err := t.device(serial)
	if err != nil || userName == nil && d.Enabled {
		return d, err
	}
	o, err := t.mfaOwner(or(userName, rootName))
	if err == nil && (!d.Enabled || d.UserID != o.id) {
		err = api.ErrNoSuchEntityException("MFA Device invalid for user.")
	}
	return d, err
}

// devicesOf are the devices of a user.
func (t *tx) devicesOf(userID string) (out []*device) {
	for _, d := range devices.ScanBy(t.Tx, kv.Prefix(devices.IndexPrefix(&devicesByUser, t.Scope, kv.String(userID)))) {
		out = append(out, d)
	}
	return out
}
