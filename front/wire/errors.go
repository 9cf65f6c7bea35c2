package wire

import (
	"reflect"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// detailPlan is the plan of an error's own structure, without its message,
// which every protocol writes by itself. It is nil when there is none.
func detailPlan(svc *schema.Service, err *aws.Error) *schema.Plan {
	if svc == nil || err.Shape == "" || err.Detail == nil {
		return nil
	}
	v := reflect.ValueOf(err.Detail)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	sh := svc.Shape(err.Shape)
	if sh == nil {
		return nil
	}
	full := svc.Plan(sh, v.Type().Elem())
	own := *full
	own.Fields = nil
	for _, f := range full.Fields {
		if !strings.EqualFold(f.Name, "message") {
			own.Fields = append(own.Fields, f)
		}
	}
	return &own
}
