package apigateway

import (
	"context"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// gatewayStatus is the status of each type of gateway response that is not
// configured. AWS: "Gateway response types for API Gateway".
func gatewayStatus(t api.GatewayResponseType) (status int, ok bool) {
	switch t {
	case api.GatewayResponseTypeDEFAULT4XX, api.GatewayResponseTypeDEFAULT5XX:
		return 0, true
	case api.GatewayResponseTypeBADREQUESTPARAMETERS, api.GatewayResponseTypeBADREQUESTBODY:
		return 400, true
	case api.GatewayResponseTypeUNAUTHORIZED:
		return 401, true
	case api.GatewayResponseTypeACCESSDENIED, api.GatewayResponseTypeEXPIREDTOKEN, api.GatewayResponseTypeINVALIDSIGNATURE,
		api.GatewayResponseTypeINVALIDAPIKEY, api.GatewayResponseTypeMISSINGAUTHENTICATIONTOKEN, api.GatewayResponseTypeWAFFILTERED:
		return 403, true
	case api.GatewayResponseTypeRESOURCENOTFOUND:
		return 404, true
	case api.GatewayResponseTypeREQUESTTOOLARGE:
		return 413, true
	case api.GatewayResponseTypeUNSUPPORTEDMEDIATYPE:
		return 415, true
	case api.GatewayResponseTypeTHROTTLED, api.GatewayResponseTypeQUOTAEXCEEDED:
		return 429, true
	case api.GatewayResponseTypeAPICONFIGURATIONERROR, api.GatewayResponseTypeAUTHORIZERFAILURE, api.GatewayResponseTypeAUTHORIZERCONFIGURATIONERROR:
		return 500, true
	case api.GatewayResponseTypeINTEGRATIONFAILURE, api.GatewayResponseTypeINTEGRATIONTIMEOUT:
		return 504, true
	}
	return 0, false
}

// gatewayTypes are all types of gateway responses.
func gatewayTypes() []api.GatewayResponseType {
	return []api.GatewayResponseType{
		api.GatewayResponseTypeACCESSDENIED, api.GatewayResponseTypeAPICONFIGURATIONERROR, api.GatewayResponseTypeAUTHORIZERCONFIGURATIONERROR,
		api.GatewayResponseTypeAUTHORIZERFAILURE, api.GatewayResponseTypeBADREQUESTBODY, api.GatewayResponseTypeBADREQUESTPARAMETERS,
		api.GatewayResponseTypeDEFAULT4XX, api.GatewayResponseTypeDEFAULT5XX, api.GatewayResponseTypeEXPIREDTOKEN, api.GatewayResponseTypeINTEGRATIONFAILURE,
		api.GatewayResponseTypeINTEGRATIONTIMEOUT, api.GatewayResponseTypeINVALIDAPIKEY, api.GatewayResponseTypeINVALIDSIGNATURE,
		api.GatewayResponseTypeMISSINGAUTHENTICATIONTOKEN, api.GatewayResponseTypeQUOTAEXCEEDED, api.GatewayResponseTypeREQUESTTOOLARGE,
		api.GatewayResponseTypeRESOURCENOTFOUND, api.GatewayResponseTypeTHROTTLED, api.GatewayResponseTypeUNAUTHORIZED,
		api.GatewayResponseTypeUNSUPPORTEDMEDIATYPE, api.GatewayResponseTypeWAFFILTERED,
	}
}

const jsonType = "application/json"

// defaultTemplate is the body of a gateway response that has no template.
const defaultTemplate = `{"message":$context.error.messageString}`

// defaultResponse is a gateway response that is not configured.
func defaultResponse(t api.GatewayResponseType) *api.GatewayResponse {
	r := &api.GatewayResponse{
		ResponseType: t, DefaultResponse: new(true), ResponseParameters: map[string]string{},
		ResponseTemplates: map[string]string{jsonType: defaultTemplate},
	}
	if status, _ := gatewayStatus(t); status > 0 {
		r.StatusCode = new(strconv.Itoa(status))
	}
	return r
}

// response returns a gateway response, configured or not.
func (a address) response(tx kv.Tx, t api.GatewayResponseType) (*api.GatewayResponse, error) {
	if _, ok := gatewayStatus(t); !ok {
		return nil, missing("Invalid gateway response type specified")
	}
	if r, ok := responses.get(tx, part(a, responses, string(t))); ok {
		return r, nil
	}
	return defaultResponse(t), nil
}

// PutGatewayResponse configures a gateway response.
func (s *Service) PutGatewayResponse(ctx context.Context, in *api.PutGatewayResponseInput) (*api.PutGatewayResponseOutput, error) {
	r := &api.GatewayResponse{
		ResponseType: in.ResponseType, StatusCode: in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates, DefaultResponse: new(false),
	}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error { return a.putResponse(tx, r) })
	if err != nil {
		return nil, err
	}
	return (*api.PutGatewayResponseOutput)(r), nil
}

// putResponse checks a gateway response and stores it.
func (a address) putResponse(tx kv.Tx, r *api.GatewayResponse) error {
	base, err := a.response(tx, r.ResponseType)
	if err != nil {
		return err
	}
	if r.StatusCode == nil {
		r.StatusCode = base.StatusCode
	} else if err := checkStatus(*r.StatusCode); err != nil {
		return err
	}
	for to, from := range r.ResponseParameters {
		if !strings.HasPrefix(to, "gatewayresponse.header.") {
			return invalid("Invalid gateway response parameters specified: [%s]", to)
		}
		if !validGatewaySource(from) {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", from)
		}
	}
	r.DefaultResponse = new(false)
	responses.put(tx, part(a, responses, string(r.ResponseType)), r)
	return nil
}

func validGatewaySource(e string) bool {
	return isLiteral(e) || slices.ContainsFunc([]string{"method.request.", "context.", "stageVariables."}, func(p string) bool { return strings.HasPrefix(e, p) })
}

// GetGatewayResponse tells of a gateway response.
func (s *Service) GetGatewayResponse(ctx context.Context, in *api.GetGatewayResponseInput) (out *api.GetGatewayResponseOutput, err error) {
	err = s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		r, err := a.response(tx, in.ResponseType)
		out = (*api.GetGatewayResponseOutput)(r)
		return err
	})
	return out, err
}

// GetGatewayResponses lists all gateway responses, at once.
func (s *Service) GetGatewayResponses(ctx context.Context, in *api.GetGatewayResponsesInput) (*api.GetGatewayResponsesOutput, error) {
	out := &api.GetGatewayResponsesOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		out.Items = nil
		for _, t := range gatewayTypes() {
			r, err := a.response(tx, t)
			if err != nil {
				return err
			}
			out.Items = append(out.Items, *r)
		}
		return nil
	})
	return out, err
}

var responseRules = []rule{
	{"replace", "/statusCode"},
	{"add remove replace", "/responseParameters/*"},
	{"add remove replace", "/responseTemplates/*"},
}

// UpdateGatewayResponse changes a gateway response.
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *api.UpdateGatewayResponseInput) (out *api.UpdateGatewayResponseOutput, err error) {
	err = s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		r, err := a.response(tx, in.ResponseType)
		if err != nil {
			return err
		}
		if err := patch(r, responseRules, in.PatchOperations); err != nil {
			return err
		}
		out = (*api.UpdateGatewayResponseOutput)(r)
		return a.putResponse(tx, r)
	})
	return out, err
}

// DeleteGatewayResponse makes a gateway response as it was before it was configured.
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *api.DeleteGatewayResponseInput) (*api.DeleteGatewayResponseOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		key := part(a, responses, string(in.ResponseType))
		if !responses.rows.Has(tx, key) {
			return missing("Gateway response type not defined on api")
		}
		responses.rows.Delete(tx, key)
		return nil
	})
	return &api.DeleteGatewayResponseOutput{}, err
}
