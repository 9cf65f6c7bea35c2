package sns

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// platforms are the push notification services that SNS speaks to.
var platforms = []string{"ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "FCM", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS", "WNS"}

// secretAttributes are taken and never given back.
var secretAttributes = []string{"PlatformCredential", "PlatformPrincipal"}

// applicationAttributes are all that an application can have.
var applicationAttributes = append([]string{
	"AppleCertificateExpirationDate", "ApplePlatformBundleID", "ApplePlatformTeamID", "Enabled", "EventDeliveryFailure", "EventEndpointCreated",
	"EventEndpointDeleted", "EventEndpointUpdated", "FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate",
}, secretAttributes...)

// appAddress is where a platform application is.
type appAddress struct {
	kv.Scope
	Platform, Name string
}

func (a appAddress) arn() string {
	return aws.NewARN("sns", a.Region, a.Account, "app/"+a.Platform+"/"+a.Name).String()
}

func (a appAddress) key() kv.Key {
	return applications.Key(a.Scope, kv.String(a.Platform), kv.String(a.Name))
}

// applicationAt finds the application that an ARN names.
func applicationAt(arn string) (appAddress, error) {
	a, err := parseARN(arn, "PlatformApplicationArn")
	if err != nil {
		return appAddress{}, err
	}
	f := strings.Split(a.Resource, "/")
	if a.Service != "sns" || len(f) != 3 || f[0] != "app" {
		return appAddress{}, invalid("PlatformApplicationArn Reason: Wrong number of slashes in relative portion of the ARN.")
	}
	return appAddress{kv.Scope{Account: a.Account, Region: a.Region}, f[1], f[2]}, nil
}

func (a appAddress) find(tx kv.Tx) (*application, error) {
	app, ok := applications.Get(tx, a.key())
	if !ok {
		return nil, sns.ErrNotFoundException("PlatformApplication does not exist")
	}
	return app, nil
}

// CreatePlatformApplication makes an application. Its credentials are kept, and
// not checked against the platform.
func (s *Service) CreatePlatformApplication(ctx context.Context, in *sns.CreatePlatformApplicationInput) (*sns.CreatePlatformApplicationOutput, error) {
	switch {
	case in.Name == "":
		return nil, invalid("%s Reason: cannot be empty", in.Name)
	case len(in.Name) > maxTopicName:
		return nil, invalid("%s Reason: must be at most 256 characters long", in.Name)
	case !isWord(in.Name, "."):
		return nil, invalid("%s Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'", in.Name)
	case !slices.Contains(platforms, in.Platform):
		return nil, invalid("Platform Reason: %s is not supported", in.Platform)
	case in.Attributes["PlatformCredential"] == "":
		return nil, invalid("Attributes Reason: Invalid value for attribute: PlatformCredential: cannot be empty")
	case strings.HasPrefix(in.Platform, "APNS") && in.Attributes["PlatformPrincipal"] == "":
		return nil, invalid("Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal")
	}
	a := appAddress{scopeOf(ctx), in.Platform, in.Name}
	arn := a.arn()
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		app := &application{Attributes: map[string]string{"Enabled": "true"}}
		if old, ok := applications.Get(tx, a.key()); ok { // AWS: creating it again sets its attributes
			app = old
		}
		if err := app.set(in.Attributes); err != nil {
			return err
		}
		applications.Put(tx, a.key(), app)
		return nil
	})
	return &sns.CreatePlatformApplicationOutput{PlatformApplicationArn: &arn}, err
}

func (a *application) set(attributes map[string]string) error {
	for name, value := range attributes {
		if !slices.Contains(applicationAttributes, name) {
			return invalid("Attributes Reason: Invalid attribute name: %s", name)
		}
		if strings.HasPrefix(name, "Event") && value != "" && !isARN(value, "sns", "") {
			return invalid("Attributes Reason: Invalid value for attribute: %s: %s is not a valid topic ARN", name, value)
		}
		a.Attributes[name] = value
	}
	return nil
}

// public is the application's attributes without its secrets.
func (a *application) public() map[string]string {
	m := maps.Clone(a.Attributes)
	for _, name := range secretAttributes {
		delete(m, name)
	}
	return m
}

// GetPlatformApplicationAttributes returns the attributes of an application.
func (s *Service) GetPlatformApplicationAttributes(ctx context.Context, in *sns.GetPlatformApplicationAttributesInput) (*sns.GetPlatformApplicationAttributesOutput, error) {
	a, err := applicationAt(in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	out := new(sns.GetPlatformApplicationAttributesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		app, err := a.find(tx)
		if err == nil {
			out.Attributes = app.public()
		}
		return err
	})
	return out, err
}

// SetPlatformApplicationAttributes sets attributes of an application.
func (s *Service) SetPlatformApplicationAttributes(ctx context.Context, in *sns.SetPlatformApplicationAttributesInput) (*sns.SetPlatformApplicationAttributesOutput, error) {
	a, err := applicationAt(in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		app, err := a.find(tx)
		if err != nil {
			return err
		}
		if err := app.set(in.Attributes); err != nil {
			return err
		}
		applications.Put(tx, a.key(), app)
		return nil
	})
	return &sns.SetPlatformApplicationAttributesOutput{}, err
}

// ListPlatformApplications lists the account's applications.
func (s *Service) ListPlatformApplications(ctx context.Context, in *sns.ListPlatformApplicationsInput) (*sns.ListPlatformApplicationsOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	sc := scopeOf(ctx)
	out := new(sns.ListPlatformApplicationsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListPlatformApplicationsOutput{PlatformApplications: []sns.PlatformApplication{}}
		for key, app := range applications.Scan(tx, p.of(kv.Prefix(applications.Prefix(sc)))) {
			if len(out.PlatformApplications) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := applications.Parts(key)
			arn := appAddress{sc, parts.String(), parts.String()}.arn()
			out.PlatformApplications = append(out.PlatformApplications, sns.PlatformApplication{PlatformApplicationArn: &arn, Attributes: app.public()})
		}
		return nil
	})
	return out, err
}

// DeletePlatformApplication deletes an application and its endpoints. Deleting
// one that is not there is no error.
func (s *Service) DeletePlatformApplication(ctx context.Context, in *sns.DeletePlatformApplicationInput) (*sns.DeletePlatformApplicationOutput, error) {
	a, err := applicationAt(in.PlatformApplicationArn)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		applications.Delete(tx, a.key())
		endpoints.DeleteAll(tx, endpoints.Prefix(a.Scope, kv.String(a.Platform), kv.String(a.Name)))
		return nil
	})
	return &sns.DeletePlatformApplicationOutput{}, err
}
