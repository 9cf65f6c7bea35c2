package iam

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// credentialsOf are a user's credentials of one sort.
func credentialsOf[R any](t *tx, table *kv.Table[R], userID string) (out []*R) {
	for _, c := range table.Scan(t.Tx, kv.Prefix(table.Prefix(t.Scope, kv.String(userID)))) {
		out = append(out, c)
	}
	return out
}

func credentialKey[R any](t *tx, table *kv.Table[R], userID, id string) kv.Key {
	return table.Key(t.Scope, kv.String(userID), kv.String(id))
}

const certificateIDLength = 32

// UploadSigningCertificate stores a certificate of a user.
func (s *Service) UploadSigningCertificate(ctx context.Context, in *api.UploadSigningCertificateInput) (*api.UploadSigningCertificateOutput, error) {
	if _, err := parseCertificate(in.CertificateBody); err != nil {
		return nil, err
	}
	var out api.UploadSigningCertificateOutput
	err := s.update(ctx, func(t *tx) error {
		o, err := t.owner(ctx, in.UserName)
		if err != nil {
			return err
		}
		have := credentialsOf(t, &signingCerts, o.id)
		for _, c := range have {
			if strings.TrimSpace(c.Body) == strings.TrimSpace(in.CertificateBody) {
				return api.ErrDuplicateCertificateException("The certificate with id %s already exists for the user.", c.ID)
			}
		}
		if len(have) >= maxSigningCerts {
			return exceeded("CertificatesPerUser", maxSigningCerts)
		}
		c := &signingCert{credential{ID: aws.Text(t.Random, aws.UpperBase32, certificateIDLength), Created: t.Now()}, in.CertificateBody}
		signingCerts.Put(t.Tx, credentialKey(t, &signingCerts, o.id, c.ID), c)
		out.Certificate = new(showSigningCert(o, c))
		return nil
	})
	return &out, err
}

func showSigningCert(o owner, c *signingCert) api.SigningCertificate {
	return api.SigningCertificate{
		UserName: o.name, CertificateId: c.ID, CertificateBody: c.Body, Status: status(c.Inactive), UploadDate: &c.Created,
	}
}

// parseCertificate reads one certificate in PEM.
func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, api.ErrMalformedCertificateException("Unable to parse certificate. Please ensure the certificate is in PEM format.")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, api.ErrMalformedCertificateException("Unable to parse certificate. Please ensure the certificate is in PEM format.")
	}
	return c, nil
}

// UpdateSigningCertificate switches a certificate on or off.
func (s *Service) UpdateSigningCertificate(ctx context.Context, in *api.UpdateSigningCertificateInput) (*api.UpdateSigningCertificateOutput, error) {
	return &api.UpdateSigningCertificateOutput{}, s.update(ctx, func(t *tx) error {
		o, c, err := t.signingCert(ctx, in.UserName, in.CertificateId)
		if err != nil {
			return err
		}
		c.Inactive = in.Status == api.StatusTypeInactive
		signingCerts.Put(t.Tx, credentialKey(t, &signingCerts, o.id, c.ID), c)
		return nil
	})
}

// DeleteSigningCertificate removes a certificate.
func (s *Service) DeleteSigningCertificate(ctx context.Context, in *api.DeleteSigningCertificateInput) (*api.DeleteSigningCertificateOutput, error) {
	return &api.DeleteSigningCertificateOutput{}, s.update(ctx, func(t *tx) error {
		o, c, err := t.signingCert(ctx, in.UserName, in.CertificateId)
		if err == nil {
			signingCerts.Delete(t.Tx, credentialKey(t, &signingCerts, o.id, c.ID))
		}
		return err
	})
}

// ListSigningCertificates lists a user's certificates.
func (s *Service) ListSigningCertificates(ctx context.Context, in *api.ListSigningCertificatesInput) (*api.ListSigningCertificatesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.SigningCertificate]
	err = s.view(ctx, func(t *tx) error {
		o, err := t.owner(ctx, in.UserName)
		if err != nil {
			return err
		}
		all := []api.SigningCertificate{}
		for _, c := range credentialsOf(t, &signingCerts, o.id) {
			all = append(all, showSigningCert(o, c))
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListSigningCertificatesOutput{Certificates: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) signingCert(ctx context.Context, userName *string, id string) (owner, *signingCert, error) {
	o, err := t.owner(ctx, userName)
	if err != nil {
		return o, nil, err
	}
	if c, ok := signingCerts.Get(t.Tx, credentialKey(t, &signingCerts, o.id, id)); ok {
		return o, c, nil
	}
	return o, nil, api.ErrNoSuchEntityException("The Certificate with id %s cannot be found.", id)
}
