package iam

import (
	"context"
	"reflect"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// Access implements aws.Guard.
// AWS: "Actions, resources, and condition keys for AWS Identity and Access Management".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	call := aws.CallFrom(ctx)
	if !mayCall(&call.Caller) {
		return nil, aws.Errorf(403, "InvalidClientTokenId", "The security token included in the request is invalid")
	}
	var out []aws.Access
	err := s.view(ctx, func(t *tx) error {
		q := request{tx: t, call: call, operation: operation, in: reflect.ValueOf(input).Elem()}
		q.subject()
		out = []aws.Access{{Action: "iam:" + operation, Resource: q.arn, Keys: q.key}}
		if in, ok := input.(*api.AddRoleToInstanceProfileInput); ok {
			out = append(out, q.passRole(in.RoleName, "ec2.amazonaws.com"))
		}
		return nil
	})
	return out, err
}

// mayCall reports whether a caller's credentials are good for IAM at all.
// AWS: "Compare AWS STS credentials": sessions of users are not, unless they
// began with MFA; federated users' never are.
func mayCall(c *aws.Caller) bool {
	switch c.Kind {
	case aws.FederatedUser:
		return false
	case aws.User, aws.Root:
		return c.Session == nil || c.Session.MFA
	}
	return true
}

// request is an operation as permissions see it. Inputs are read by the names
// of their fields, which are the same throughout the API; IAM's calls are rare
// enough for that.
type request struct {
	*tx
	call      *aws.Call
	operation string
	in        reflect.Value
	arn       string // of the resource that it is about
	tags      []tag  // the resource's
	boundary  string // the ARN of the principal's boundary
}

// text is a text field of the input; has tells whether there is such a field.
func (q *request) text(name string) (value string, has bool) {
	f := q.in.FieldByName(name)
	switch {
	case !f.IsValid():
		return "", false
	case f.Kind() == reflect.Pointer:
		if f.IsNil() {
			return "", true
		}
		f = f.Elem()
	}
	return f.String(), f.Kind() == reflect.String
}

// subject finds the resource that the operation is about.
func (q *request) subject() {
	q.arn = "*"
	if strings.HasPrefix(q.operation, "Create") && q.created() {
		return
	}
	for _, look := range []func() bool{q.ofGroup, q.ofProfile, q.ofUser, q.ofRole, q.ofPolicy, q.ofCertificate, q.ofDevice, q.ofProvider} {
		if look() {
			return
		}
	}
}

// created names what a Create… operation is to make.
func (q *request) created() bool {
	path, _ := q.text("Path")
	if path == "" {
		path = defaultPath
	}
	switch in := q.in.Addr().Interface().(type) {
	case *api.CreateUserInput:
		q.arn = q.tx.arn("user" + path + in.UserName)
		q.boundary = or(in.PermissionsBoundary, "")
	case *api.CreateRoleInput:
		q.arn = q.tx.arn("role" + path + in.RoleName)
		q.boundary = or(in.PermissionsBoundary, "")
	case *api.CreateGroupInput:
		q.arn = q.tx.arn("group" + path + in.GroupName)
	case *api.CreatePolicyInput:
		q.arn = q.tx.arn("policy" + path + in.PolicyName)
	case *api.CreateInstanceProfileInput:
		q.arn = q.tx.arn("instance-profile" + path + in.InstanceProfileName)
	case *api.CreateVirtualMFADeviceInput:
		q.arn = q.tx.arn("mfa" + path + in.VirtualMFADeviceName)
	case *api.CreateSAMLProviderInput:
		q.arn = q.tx.arn(samlResource + in.Name)
	case *api.CreateOpenIDConnectProviderInput:
		_, bare, _ := strings.Cut(in.Url, "://")
		q.arn = q.tx.arn(oidcResource + strings.TrimSuffix(bare, "/"))
	case *api.CreateServiceLinkedRoleInput:
		l, _ := linkedService(in.AWSServiceName)
		q.arn = q.tx.arn("role" + serviceRolePath + in.AWSServiceName + "/AWSServiceRoleFor" + l.name)
		if in.CustomSuffix != nil {
			q.arn += "_" + *in.CustomSuffix
		}
	default:
		return false
	}
	return true
}

// about notes an entity as the resource; one that does not exist is taken to
// lie at the root, so that its ARN says nothing.
func (q *request) about(kind, name string, e *entity) {
	if e == nil {
		q.arn = q.tx.arn(kind + "/" + name)
		return
	}
	q.arn, q.tags = q.tx.arn(kind+e.full()), e.Tags
	if g, ok := q.tx.grant(e.ID, grantBoundary, ""); ok {
		q.boundary = g.ARN
	}
}

func (q *request) ofGroup() bool {
	name, has := q.text("GroupName")
	if !has {
		return false
	}
	var e *entity
	if g, ok := find(q.tx, &groups, name); ok {
		e = &g.entity
	}
	q.about("group", name, e)
	return true
}

func (q *request) ofProfile() bool {
	name, has := q.text("InstanceProfileName")
	if !has {
		return false
	}
	var e *entity
	if p, ok := find(q.tx, &profiles, name); ok {
		e = &p.entity
	}
	q.about("instance-profile", name, e)
	return true
}

// ofUser names the user; operations without a name are about the caller.
func (q *request) ofUser() bool {
	name, has := q.text("UserName")
	if id, ok := q.text("AccessKeyId"); ok && !has { // GetAccessKeyLastUsed
		k, found := accessKeys.Get(q.Tx, q.accessKeyKey(id))
		if !found || k.UserID == "" {
			return true
		}
		if u, found := get(q.tx, &users, k.UserID); found {
			name, has = u.Name, true
		}
	}
	if all := q.in.FieldByName("AllUsers"); all.IsValid() && !all.IsNil() && all.Elem().Bool() {
		return true
	}
	if q.operation == "ChangePassword" {
		has = true
	}
	if !has {
		return false
	}
	if name == "" {
		if q.arn = q.call.Caller.ARN; q.call.Caller.Kind == aws.User {
			name = last(q.arn)
		} else {
			return true
		}
	}
	var e *entity
	if u, ok := find(q.tx, &users, name); ok {
		e = &u.entity
	}
	q.about("user", name, e)
	if b, ok := q.text("PermissionsBoundary"); ok {
		q.boundary = b
	}
	return true
}

func (q *request) ofRole() bool {
	name, has := q.text("RoleName")
	if !has {
		return false
	}
	var e *entity
	if r, ok := find(q.tx, &roles, name); ok {
		e = &r.entity
	}
	q.about("role", name, e)
	if b, ok := q.text("PermissionsBoundary"); ok {
		q.boundary = b
	}
	return true
}

func (q *request) ofPolicy() bool {
	for _, field := range []string{"PolicyArn", "PolicySourceArn"} {
		arn, has := q.text(field)
		if !has {
			continue
		}
		q.arn = arn
		if m, ok := q.managed(arn); ok {
			q.tags = m.Tags
		}
		return true
	}
	return false
}

func (q *request) ofCertificate() bool {
	name, has := q.text("ServerCertificateName")
	if !has {
		return false
	}
	var e *entity
	if c, ok := find(q.tx, &certificates, name); ok {
		e = &c.entity
	}
	q.about("server-certificate", name, e)
	if path, ok := q.text("Path"); ok && path != "" { // an upload
		q.arn = q.tx.arn("server-certificate" + path + name)
	}
	return true
}

func (q *request) ofDevice() bool {
	serial, has := q.text("SerialNumber")
	if !has {
		return false
	}
	q.arn = serial
	if d, ok := devices.Get(q.Tx, q.deviceKey(serial)); ok {
		q.tags = d.Tags
	}
	return true
}

func (q *request) ofProvider() bool {
	if arn, has := q.text("OpenIDConnectProviderArn"); has {
		q.arn = arn
		if p, err := q.oidc(arn); err == nil {
			q.tags = p.Tags
		}
		return true
	}
	arn, has := q.text("SAMLProviderArn")
	if has {
		q.arn = arn
		if p, err := q.saml(arn); err == nil {
			q.tags = p.Tags
		}
	}
	return has
}

// passRole is the permission to hand a role to a service.
// AWS: "Grant a user permissions to pass a role to an AWS service".
func (q *request) passRole(name, service string) aws.Access {
	arn := q.tx.arn("role/" + name)
	if r, ok := find(q.tx, &roles, name); ok {
		arn = q.roleARN(r)
	}
	return aws.Access{Action: "iam:PassRole", Resource: arn, Keys: func(key string) ([]string, bool) {
		return []string{service}, key == "iam:passedtoservice"
	}}
}

// key gives the condition keys of IAM's own. It reads nothing: it is asked
// after the transaction.
func (q *request) key(key string) ([]string, bool) {
	one := func(s string) ([]string, bool) { return []string{s}, s != "" }
	switch key {
	case "iam:policyarn":
		if !strings.HasPrefix(q.operation, "Attach") && !strings.HasPrefix(q.operation, "Detach") {
			return nil, false
		}
		arn, _ := q.text("PolicyArn")
		return one(arn)
	case "iam:permissionsboundary":
		return one(q.boundary)
	case "iam:awsservicename":
		name, _ := q.text("AWSServiceName")
		return one(name)
	case "iam:servicespecificcredentialservicename":
		name, _ := q.text("ServiceName")
		return one(name)
	case "aws:tagkeys":
		return q.tagKeys()
	}
	if name, ok := strings.CutPrefix(key, "aws:requesttag/"); ok {
		return valueOf(q.requestTags(), name)
	}
	for _, prefix := range []string{"aws:resourcetag/", "iam:resourcetag/"} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return valueOf(q.tags, name)
		}
	}
	return nil, false
}

// requestTags are the tags in the input.
func (q *request) requestTags() []tag {
	if f := q.in.FieldByName("Tags"); f.IsValid() {
		tags, _ := f.Interface().([]api.Tag)
		return tagsOf(tags)
	}
	return nil
}

func (q *request) tagKeys() (keys []string, ok bool) {
	if f := q.in.FieldByName("TagKeys"); f.IsValid() {
		keys, _ = f.Interface().([]string)
		return keys, len(keys) > 0
	}
	for _, t := range q.requestTags() {
		keys = append(keys, t.Key)
	}
	return keys, len(keys) > 0
}

func valueOf(tags []tag, name string) ([]string, bool) {
	for _, t := range tags {
		if strings.EqualFold(t.Key, name) {
			return []string{t.Value}, true
		}
	}
	return nil, false
}
