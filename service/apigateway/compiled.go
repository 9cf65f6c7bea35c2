package apigateway

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// method is a method that is ready to serve requests.
type method struct {
	*api.Method
	*integration
	resource       *api.Resource
	name           string // GET, …, or ANY
	checkBody      bool
	checkParameter bool
	required       []slot
	bodies         map[string]*jsonschema.Schema // by media type; nil where the model takes anything
}

// integration is a method's integration, ready.
type integration struct {
	*api.Integration
	target    target
	timeout   time.Duration
	requests  templates
	mappings  []mapping
	answers   []*answerRule
	cacheKeys []slot
}

// answerRule is an integration response, ready.
type answerRule struct {
	*api.IntegrationResponse
	status    int
	pattern   *regexp.Regexp // nil for the one that takes what no other does
	headers   []mapping
	templates templates
}

func (s *served) compileMethod(r *api.Resource, name string, m *api.Method) *method {
	c := &method{Method: m, resource: r, name: name, integration: compileIntegration(m.MethodIntegration)}
	for _, v := range s.Validators {
		if *v.Id == deref(m.RequestValidatorId) {
			c.checkBody, c.checkParameter = deref(v.ValidateRequestBody), deref(v.ValidateRequestParameters)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(m.RequestParameters)) {
		if where, name, ok := requestParameter(p); ok && m.RequestParameters[p] {
			c.required = append(c.required, slot{where, name})
		}
	}
	if c.checkBody {
		c.bodies = map[string]*jsonschema.Schema{}
		for mediaType, model := range m.RequestModels {
			for i := range s.Models {
				if *s.Models[i].Name == model {
					c.bodies[mediaType], _ = compileModel(deref(s.Models[i].Schema), s.Models) // was compiled when it was stored
				}
			}
		}
	}
	return c
}

func compileIntegration(v *api.Integration) *integration {
	if v == nil {
		v = &api.Integration{}
	}
	c := &integration{Integration: v, timeout: time.Duration(or(v.TimeoutInMillis, int32(defaultTimeout.Milliseconds()))) * time.Millisecond}
	c.target, _ = readTarget(deref(v.Uri))
	c.requests = compileTemplates(v.RequestTemplates)
	c.mappings = compileMappings(v.RequestParameters, "integration.request.")
	for _, key := range v.CacheKeyParameters {
		if where, name, ok := requestParameter(key); ok {
			c.cacheKeys = append(c.cacheKeys, slot{where, name})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(v.IntegrationResponses)) {
		r := v.IntegrationResponses[code]
		a := &answerRule{IntegrationResponse: &r, status: number(r.StatusCode), templates: compileTemplates(r.ResponseTemplates), headers: compileMappings(r.ResponseParameters, "method.response.")}
		if p := deref(r.SelectionPattern); p != "" {
			a.pattern, _ = regexp.Compile("^(?:" + p + ")$") // was compiled when it was stored
		}
		c.answers = append(c.answers, a)
	}
	return c
}

// choose returns the response for what an integration answered, which is a status
// code, or what went wrong in a function; nil where none is for it.
// AWS: "Set up an integration response in API Gateway": a pattern matches the
// whole of the text.
func (c *integration) choose(text string) *answerRule {
	var other *answerRule
	for _, a := range c.answers {
		if a.pattern == nil {
			if other == nil {
				other = a
			}
		} else if a.pattern.MatchString(text) {
			return a
		}
	}
	return other
}

// templates are mapping templates by media type.
type templates struct {
	byType map[string]*template
	first  string // the media type that comes first; application/json if it is there
}

// template is a mapping template, ready. Most are a text with nothing to evaluate.
type template struct {
	text    string
	program *vtl.Template // nil for a plain text
	err     error
	status  int // that a plain text of a mock integration says; 0 for none
}

func compileTemplates(sources map[string]string) templates {
	t := templates{byType: map[string]*template{}}
	for _, mediaType := range slices.Sorted(maps.Keys(sources)) {
		if t.first == "" || mediaType == jsonType {
			t.first = mediaType
		}
		t.byType[mediaType] = compileTemplate(sources[mediaType])
	}
	return t
}

func compileTemplate(source string) *template {
	t := &template{text: source}
	if strings.ContainsAny(source, "$#\\") {
		t.program, t.err = vtl.Compile(source)
	} else {
		t.status, _ = mockStatus([]byte(source))
	}
	return t
}

// mapping is a parameter that is set from an expression.
type mapping struct {
	to   slot
	from expression
}

// slot is where a parameter is: path, querystring or header, and its name.
type slot struct{ where, name string }

// compileMappings reads mappings whose keys begin with prefix.
func compileMappings(parameters map[string]string, prefix string) []mapping {
	var all []mapping
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		where, name, _ := strings.Cut(strings.TrimPrefix(key, prefix), ".")
		all = append(all, mapping{slot{where, name}, compileExpression(parameters[key])})
	}
	return all
}
