package iam

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // AWS: fingerprints of SSH public keys are MD5
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// UploadSSHPublicKey stores a public key of a user.
func (s *Service) UploadSSHPublicKey(ctx context.Context, in *api.UploadSSHPublicKeyInput) (*api.UploadSSHPublicKeyOutput, error) {
	body, fingerprint, err := parseSSHKey(in.SSHPublicKeyBody)
	if err != nil {
		return nil, err
	}
	var out api.UploadSSHPublicKeyOutput
	err = s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		have := credentialsOf(t, &sshKeys, u.ID)
		for _, k := range have {
			if k.Fingerprint == fingerprint {
				return api.ErrDuplicateSSHPublicKeyException("The SSH public key is already associated with the user.")
			}
		}
		if len(have) >= maxSSHKeys {
			return exceeded("SSHPublicKeysPerUser", maxSSHKeys)
		}
		k := &sshKey{credential{ID: t.uniqueID(prefixPublicKey), Created: t.Now()}, body, fingerprint}
		sshKeys.Put(t.Tx, credentialKey(t, &sshKeys, u.ID, k.ID), k)
		out.SSHPublicKey = showSSHKey(u, k)
		return nil
	})
	return &out, err
}

// GetSSHPublicKey gives a key in the encoding that is asked for.
func (s *Service) GetSSHPublicKey(ctx context.Context, in *api.GetSSHPublicKeyInput) (*api.GetSSHPublicKeyOutput, error) {
	var out api.GetSSHPublicKeyOutput
	err := s.view(ctx, func(t *tx) error {
		u, k, err := t.sshKey(in.UserName, in.SSHPublicKeyId)
		if err != nil {
			return err
		}
		out.SSHPublicKey = showSSHKey(u, k)
		if in.Encoding == api.EncodingTypePEM {
			key, err := rsaOfSSH(k.Body)
			if err != nil {
				return err
			}
			der, err := x509.MarshalPKIXPublicKey(key)
			out.SSHPublicKey.SSHPublicKeyBody = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
			return err
		}
		return nil
	})
	return &out, err
}

// UpdateSSHPublicKey switches a key on or off.
func (s *Service) UpdateSSHPublicKey(ctx context.Context, in *api.UpdateSSHPublicKeyInput) (*api.UpdateSSHPublicKeyOutput, error) {
	return &api.UpdateSSHPublicKeyOutput{}, s.update(ctx, func(t *tx) error {
		u, k, err := t.sshKey(in.UserName, in.SSHPublicKeyId)
		if err != nil {
			return err
		}
		k.Inactive = in.Status == api.StatusTypeInactive
		sshKeys.Put(t.Tx, credentialKey(t, &sshKeys, u.ID, k.ID), k)
		return nil
	})
}

// DeleteSSHPublicKey removes a key.
func (s *Service) DeleteSSHPublicKey(ctx context.Context, in *api.DeleteSSHPublicKeyInput) (*api.DeleteSSHPublicKeyOutput, error) {
	return &api.DeleteSSHPublicKeyOutput{}, s.update(ctx, func(t *tx) error {
		u, k, err := t.sshKey(in.UserName, in.SSHPublicKeyId)
		if err == nil {
			sshKeys.Delete(t.Tx, credentialKey(t, &sshKeys, u.ID, k.ID))
		}
		return err
	})
}

// ListSSHPublicKeys lists a user's keys.
func (s *Service) ListSSHPublicKeys(ctx context.Context, in *api.ListSSHPublicKeysInput) (*api.ListSSHPublicKeysOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.SSHPublicKeyMetadata]
	err = s.view(ctx, func(t *tx) error {
		u, err := t.subject(aws.CallFrom(ctx), in.UserName)
		if err != nil {
			return err
		}
		all := []api.SSHPublicKeyMetadata{}
		for _, k := range credentialsOf(t, &sshKeys, u.ID) {
			all = append(all, api.SSHPublicKeyMetadata{UserName: u.Name, SSHPublicKeyId: k.ID, Status: status(k.Inactive), UploadDate: k.Created})
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListSSHPublicKeysOutput{SSHPublicKeys: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) sshKey(userName, id string) (*user, *sshKey, error) {
	u, err := t.user(userName)
	if err != nil {
		return nil, nil, err
	}
	if k, ok := sshKeys.Get(t.Tx, credentialKey(t, &sshKeys, u.ID, id)); ok {
		return u, k, nil
	}
	return nil, nil, api.ErrNoSuchEntityException("The Public Key with id %s cannot be found.", id)
}

func showSSHKey(u *user, k *sshKey) *api.SSHPublicKey {
	return &api.SSHPublicKey{
		UserName: u.Name, SSHPublicKeyId: k.ID, Fingerprint: k.Fingerprint, SSHPublicKeyBody: k.Body,
		Status: status(k.Inactive), UploadDate: &k.Created,
	}
}

// sshRSA begins every RSA key in SSH's encoding.
const sshRSA = "ssh-rsa"

// parseSSHKey reads a public key in SSH's encoding or PEM.
// AWS: "UploadSSHPublicKey": at least 2048 bits, RSA.
func parseSSHKey(text string) (body, fingerprint string, err error) {
	var key *rsa.PublicKey
	if block, _ := pem.Decode([]byte(text)); block != nil {
		parsed, perr := x509.ParsePKIXPublicKey(block.Bytes)
		rsaKey, ok := parsed.(*rsa.PublicKey)
		if perr != nil || !ok {
			return "", "", api.ErrInvalidPublicKeyException("The public key is not a valid RSA key.")
		}
		key = rsaKey
	} else if key, err = rsaOfSSH(text); err != nil {
		return "", "", err
	}
	if key.N.BitLen() < 2048 {
		return "", "", api.ErrInvalidPublicKeyException("The public key must have at least 2048 bits.")
	}
	wire := sshWire(key)
	sum := md5.Sum(wire) //nolint:gosec // see the import
	fingerprint = strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"), ":")
	return sshRSA + " " + base64.StdEncoding.EncodeToString(wire), fingerprint, nil
}

// rsaOfSSH reads ssh-rsa AAAA… comment.
func rsaOfSSH(text string) (*rsa.PublicKey, error) {
	f := strings.Fields(text)
	if len(f) < 2 || f[0] != sshRSA {
		return nil, api.ErrUnrecognizedPublicKeyEncodingException("The public key is neither in ssh-rsa nor in PEM encoding.")
	}
	wire, err := base64.StdEncoding.DecodeString(f[1])
	var parts [3][]byte
	for i := range parts {
		if err != nil || len(wire) < 4 || uint64(binary.BigEndian.Uint32(wire)) > uint64(len(wire)-4) {
			return nil, api.ErrInvalidPublicKeyException("The public key is not a valid RSA key.")
		}
		n := binary.BigEndian.Uint32(wire)
		parts[i], wire = wire[4:4+n], wire[4+n:]
	}
	e := new(big.Int).SetBytes(parts[1])
	if string(parts[0]) != sshRSA || !e.IsInt64() || e.Int64() > 1<<31 {
		return nil, api.ErrInvalidPublicKeyException("The public key is not a valid RSA key.")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(parts[2]), E: int(e.Int64())}, nil
}

// sshWire is a key in SSH's encoding (RFC 4253).
func sshWire(key *rsa.PublicKey) []byte {
	var b bytes.Buffer
	field := func(p []byte) {
		if len(p) > 0 && p[0]&0x80 != 0 {
			p = append([]byte{0}, p...) // numbers are signed
		}
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		b.Write(p)
	}
	field([]byte(sshRSA))
	field(big.NewInt(int64(key.E)).Bytes())
	field(key.N.Bytes())
	return b.Bytes()
}
