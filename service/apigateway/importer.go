package apigateway

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// importer makes an API of a document.
type importer struct {
	*openAPI
	service    *Service
	tx         kv.Tx
	at         address
	v          *api.RestApi
	base       string            // before every path
	resources  map[string]string // ids by path
	validators map[string]string // ids by name
	authorizer map[string]string // ids by the name of the scheme
	warnings   []string
}

// run stores what the document says, beside what is there. v is changed, not stored.
func (im *importer) run() error {
	if err := im.settings(); err != nil {
		return err
	}
	for _, step := range []func() error{im.models, im.validatorsAndResponses, im.authorizers, im.paths} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

const importErrors = "Errors found during import:\n\t"

// failedImport is the error for a document whose parts cannot be had.
func failedImport(what string, err error) error {
	text := err.Error()
	if e := (*aws.Error)(nil); errors.As(err, &e) {
		text = strings.TrimPrefix(e.Message, importErrors)
	}
	return invalid("%s%s: %s", importErrors, what, text)
}

func (im *importer) settings() error {
	v := im.v
	if im.Info.Title != "" {
		v.Name = &im.Info.Title
	}
	for to, text := range map[**string]string{&v.Description: im.Info.Description, &v.Version: im.Info.Version} {
		if text != "" {
			*to = &text
		}
	}
	if len(im.Policy) > 0 {
		v.Policy = new(string(im.Policy))
	}
	if im.BinaryTypes != nil {
		v.BinaryMediaTypes = im.BinaryTypes
	}
	if im.Compression != nil {
		v.MinimumCompressionSize = im.Compression
	}
	if im.KeySource != "" {
		v.ApiKeySource = im.KeySource
	}
	if e := im.Endpoint; e != nil {
		if e.Disabled != nil {
			v.DisableExecuteApiEndpoint = e.Disabled
		}
		if v.EndpointConfiguration == nil {
			v.EndpointConfiguration = &api.EndpointConfiguration{}
		}
		if len(e.Types) > 0 {
			v.EndpointConfiguration.Types = e.Types
		}
		v.EndpointConfiguration.VpcEndpointIds = e.VPC
	}
	return checkAPI(v)
}

// models stores the document's schemas. All are there before one is checked, since
// they refer to each other.
func (im *importer) models() error {
	all := im.schemas()
	for name, schema := range all {
		m := &api.Model_{Id: new(im.service.id(partID)), Name: &name, ContentType: new(jsonType), Schema: new(im.localRefs(schema))}
		if old, ok := models.get(im.tx, part(im.at, models, name)); ok {
			m.Id = old.Id
		}
		models.put(im.tx, part(im.at, models, name), m)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		m, _ := models.get(im.tx, part(im.at, models, name))
		if err := im.at.checkModel(im.tx, m); err != nil {
			return failedImport("Unable to create model with name '"+name+"'", err)
		}
	}
	return nil
}

// localRefs is a schema whose references are those of API Gateway.
func (im *importer) localRefs(schema json.RawMessage) string {
	to := `"$ref":"` + modelURL + im.at.API + "/models/"
	var compact strings.Builder
	var tree any
	if json.Unmarshal(schema, &tree) != nil {
		return string(schema)
	}
	e := json.NewEncoder(&compact)
	e.SetEscapeHTML(false)
	_ = e.Encode(tree) // cannot fail: it was JSON
	return strings.TrimSuffix(strings.NewReplacer(`"$ref":"#/definitions/`, to, `"$ref":"#/components/schemas/`, to).Replace(compact.String()), "\n")
}

// model is the model for a schema within an operation: the one that it refers to, or
// a new one. Empty stands for a schema that is not there.
func (im *importer) model(schema json.RawMessage) (string, error) {
	if len(schema) == 0 {
		return "", nil
	}
	var ref struct {
		Ref string `json:"$ref"`
	}
	if json.Unmarshal(schema, &ref) == nil && ref.Ref != "" {
		return ref.Ref[strings.LastIndexByte(ref.Ref, '/')+1:], nil
	}
	name := "MODEL" + im.service.id(partID)
	m := &api.Model_{Id: new(im.service.id(partID)), Name: &name, ContentType: new(jsonType), Schema: new(im.localRefs(schema))}
	if err := im.at.checkModel(im.tx, m); err != nil {
		return "", err
	}
	models.put(im.tx, part(im.at, models, name), m)
	return name, nil
}

func (im *importer) validatorsAndResponses() error {
	im.validators = map[string]string{}
	for _, v := range validators.all(im.tx, parts(im.at, validators)) {
		im.validators[deref(v.Name)] = *v.Id
	}
	for name, said := range im.Validators {
		id := im.validators[name]
		if id == "" {
			id = im.service.id(partID)
		}
		im.validators[name] = id
		validators.put(im.tx, part(im.at, validators, id), &api.RequestValidator{Id: &id, Name: &name, ValidateRequestBody: &said.Body, ValidateRequestParameters: &said.Parameters})
	}
	for kind, said := range im.openAPI.Responses {
		r := &api.GatewayResponse{ResponseType: api.GatewayResponseType(kind), StatusCode: said.status(), ResponseParameters: said.Parameters, ResponseTemplates: said.Templates}
		if err := im.at.putResponse(im.tx, r); err != nil {
			return failedImport("Unable to put gateway response '"+kind+"'", err)
		}
	}
	return nil
}

func (im *importer) authorizers() error {
	im.authorizer = map[string]string{}
	there := map[string]string{}
	for _, z := range authorizers.all(im.tx, parts(im.at, authorizers)) {
		there[*z.Name] = *z.Id
	}
	for name, scheme := range im.schemes() {
		said := scheme.Authorizer
		if said == nil {
			continue
		}
		z := &api.Authorizer{
			Name: &name, Type: api.AuthorizerType(strings.ToUpper(said.Type)), ProviderARNs: said.ProviderARNs, AuthorizerUri: said.URI,
			AuthorizerCredentials: said.Credentials, IdentitySource: said.Source, IdentityValidationExpression: said.Validation, AuthorizerResultTtlInSeconds: said.TTL,
		}
		if scheme.AuthType != "" {
			z.AuthType = &scheme.AuthType
		}
		if z.IdentitySource == nil && scheme.In == "header" && scheme.Name != "" && scheme.Name != "Unused" {
			z.IdentitySource = new("method.request.header." + scheme.Name)
		}
		z.Id = new(there[name])
		if *z.Id == "" {
			z.Id = new(im.service.id(partID))
		}
		if err := im.at.checkAuthorizer(im.tx, z); err != nil {
			return failedImport("Unable to create authorizer '"+name+"'", err)
		}
		authorizers.put(im.tx, part(im.at, authorizers, *z.Id), z)
		im.authorizer[name] = *z.Id
	}
	return nil
}

func (im *importer) paths() error {
	im.resources = map[string]string{}
	for _, r := range resources.all(im.tx, parts(im.at, resources)) {
		im.resources[*r.Path] = *r.Id
	}
	for _, path := range slices.Sorted(maps.Keys(im.Paths)) {
		item := im.Paths[path]
		r, err := im.resource(im.base + path)
		if err != nil {
			return failedImport("Unable to create resource at path '"+im.base+path+"'", err)
		}
		for name, operation := range item.operations() {
			if *operation == nil {
				continue
			}
			m, err := im.method(name, *r.Path, *operation, item.Parameters)
			if err != nil {
				return failedImport("Unable to put method '"+name+"' on resource at path '"+*r.Path+"'", err)
			}
			if r.ResourceMethods == nil {
				r.ResourceMethods = map[string]api.Method{}
			}
			r.ResourceMethods[name] = *m
			if m.MethodIntegration != nil && m.MethodIntegration.CacheNamespace == nil {
				m.MethodIntegration.CacheNamespace = r.Id
			}
		}
		im.at.putResource(im.tx, r)
	}
	return nil
}

// resource returns the resource of a path. It makes those on the way that are not there.
func (im *importer) resource(path string) (*api.Resource, error) {
	path = "/" + strings.Trim(path, "/")
	if id, ok := im.resources[path]; ok {
		return im.at.resource(im.tx, id)
	}
	above, last := path[:strings.LastIndexByte(path, '/')], path[strings.LastIndexByte(path, '/')+1:]
	parent, err := im.resource(above)
	if err != nil {
		return nil, err
	}
	r := &api.Resource{ParentId: parent.Id, PathPart: &last}
	if err := settle(r, resources.list(im.tx, parts(im.at, resources))); err != nil {
		return nil, err
	}
	r.Id = new(im.service.id(partID))
	im.resources[path] = *r.Id
	im.at.putResource(im.tx, r)
	return r, nil
}

// validated is the id of the validator that an operation names, or the document.
func (im *importer) validated(o *openOperation) *string {
	name := o.Validator
	if name == "" {
		name = im.Validator
	}
	if id := im.validators[name]; id != "" {
		return &id
	}
	return nil
}
