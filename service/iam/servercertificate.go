package iam

import (
	"context"
	"crypto/tls"
	"encoding/pem"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// UploadServerCertificate stores a certificate for load balancers and the like.
func (s *Service) UploadServerCertificate(ctx context.Context, in *api.UploadServerCertificateInput) (*api.UploadServerCertificateOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	leaf, err := parseCertificate(in.CertificateBody)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode([]byte(in.PrivateKey)); block == nil {
		return nil, api.ErrMalformedCertificateException("Unable to parse private key. Please ensure the private key is in PEM format.")
	}
	if _, err := tls.X509KeyPair([]byte(in.CertificateBody), []byte(in.PrivateKey)); err != nil {
		return nil, api.ErrKeyPairMismatchException("Certificate and private key do not match.")
	}
	if in.CertificateChain != nil {
		if _, err := parseCertificate(*in.CertificateChain); err != nil {
			return nil, err
		}
	}
	var out api.UploadServerCertificateOutput
	err = s.update(ctx, func(t *tx) error {
		if t.certificateTaken(in.ServerCertificateName) {
			return certificateExists(in.ServerCertificateName)
		}
		if err := room(t, &certificates, maxCertificates, "ServerCertificatesPerAccount"); err != nil {
			return err
		}
		c := &certificate{
			entity: t.newEntity(prefixCertificate, in.ServerCertificateName, in.Path, in.Tags),
			Body:   in.CertificateBody, Chain: or(in.CertificateChain, ""), Key: in.PrivateKey, Expires: leaf.NotAfter,
		}
		put(t, &certificates, c)
		out.ServerCertificateMetadata, out.Tags = new(t.showCertificate(c)), showTags(c.Tags)
		return nil
	})
	return &out, err
}

// GetServerCertificate gives a certificate without its key.
func (s *Service) GetServerCertificate(ctx context.Context, in *api.GetServerCertificateInput) (*api.GetServerCertificateOutput, error) {
	var out api.GetServerCertificateOutput
	err := s.view(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err != nil {
			return err
		}
		out.ServerCertificate = &api.ServerCertificate{
			ServerCertificateMetadata: new(t.showCertificate(c)), CertificateBody: c.Body, CertificateChain: filled(c.Chain), Tags: showTags(c.Tags),
		}
		return nil
	})
	return &out, err
}

// UpdateServerCertificate renames or moves a certificate.
func (s *Service) UpdateServerCertificate(ctx context.Context, in *api.UpdateServerCertificateInput) (*api.UpdateServerCertificateOutput, error) {
	return &api.UpdateServerCertificateOutput{}, s.update(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err != nil {
			return err
		}
		if !c.rename(in.NewServerCertificateName, in.NewPath, t.certificateTaken) {
			return certificateExists(*in.NewServerCertificateName)
		}
		put(t, &certificates, c)
		return nil
	})
}

// DeleteServerCertificate removes a certificate.
func (s *Service) DeleteServerCertificate(ctx context.Context, in *api.DeleteServerCertificateInput) (*api.DeleteServerCertificateOutput, error) {
	return &api.DeleteServerCertificateOutput{}, s.update(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err == nil {
			remove(t, &certificates, c)
		}
		return err
	})
}

// ListServerCertificates lists certificates by name.
func (s *Service) ListServerCertificates(ctx context.Context, in *api.ListServerCertificatesInput) (*api.ListServerCertificatesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.ServerCertificateMetadata]
	err = s.view(ctx, func(t *tx) error {
		out = walk(named(t, &certificates), p, func(c *certificate) (api.ServerCertificateMetadata, bool) {
			return t.showCertificate(c), below(c.Path, in.PathPrefix)
		})
		return nil
	})
	return &api.ListServerCertificatesOutput{ServerCertificateMetadataList: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// TagServerCertificate adds tags to a certificate.
func (s *Service) TagServerCertificate(ctx context.Context, in *api.TagServerCertificateInput) (*api.TagServerCertificateOutput, error) {
	return &api.TagServerCertificateOutput{}, s.update(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err != nil {
			return err
		}
		if err := retag(&c.entity, in.Tags); err != nil {
			return err
		}
		put(t, &certificates, c)
		return nil
	})
}

// UntagServerCertificate removes tags from a certificate.
func (s *Service) UntagServerCertificate(ctx context.Context, in *api.UntagServerCertificateInput) (*api.UntagServerCertificateOutput, error) {
	return &api.UntagServerCertificateOutput{}, s.update(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err != nil {
			return err
		}
		untag(&c.entity, in.TagKeys)
		put(t, &certificates, c)
		return nil
	})
}

// ListServerCertificateTags lists a certificate's tags.
func (s *Service) ListServerCertificateTags(ctx context.Context, in *api.ListServerCertificateTagsInput) (*api.ListServerCertificateTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		c, err := t.certificate(in.ServerCertificateName)
		if err == nil {
			out, err = listTags(&c.entity, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListServerCertificateTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) certificate(name string) (*certificate, error) {
	if c, ok := find(t, &certificates, name); ok {
		return c, nil
	}
	return nil, api.ErrNoSuchEntityException("The Server Certificate with name %s cannot be found.", name)
}

func (t *tx) certificateTaken(name string) bool {
	_, ok := find(t, &certificates, name)
	return ok
}

func certificateExists(name string) *aws.Error {
	return api.ErrEntityAlreadyExistsException("The Server Certificate with name %s already exists.", name)
}

func (t *tx) showCertificate(c *certificate) api.ServerCertificateMetadata {
	return api.ServerCertificateMetadata{
		Path: c.Path, ServerCertificateName: c.Name, ServerCertificateId: c.ID, Arn: t.arn("server-certificate" + c.full()),
		UploadDate: &c.Created, Expiration: &c.Expires,
	}
}
