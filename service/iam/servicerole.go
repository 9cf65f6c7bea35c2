package iam

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// linked is a service that has a service-linked role.
type linked struct {
	name     string // the role's, behind AWSServiceRoleFor
	policy   string // AWS's managed policy that the role has
	suffixed bool   // the service takes a suffix, so that there can be several
}

// linkedServices are the services of Brume's scope that make such roles, by
// their names without .amazonaws.com.
// AWS: "AWS services that work with IAM".
var linkedServices = map[string]linked{
	"autoscaling":                      {"AutoScaling", "AutoScalingServiceRolePolicy", true},
	"batch":                            {"Batch", "BatchServiceRolePolicy", false},
	"cloudtrail":                       {"CloudTrail", "CloudTrailServiceRolePolicy", false},
	"config":                           {"Config", "AWSConfigServiceRolePolicy", false},
	"ec2fleet":                         {"EC2Fleet", "AWSEC2FleetServiceRolePolicy", false},
	"ecs":                              {"ECS", "AmazonECSServiceRolePolicy", false},
	"ecs.application-autoscaling":      {"ApplicationAutoScaling_ECSService", "AWSApplicationAutoscalingECSServicePolicy", false},
	"dynamodb.application-autoscaling": {"ApplicationAutoScaling_DynamoDBTable", "AWSApplicationAutoscalingDynamoDBTablePolicy", false},
	"lambda.application-autoscaling":   {"ApplicationAutoScaling_LambdaConcurrency", "AWSApplicationAutoscalingLambdaConcurrencyPolicy", false},
	"rds.application-autoscaling":      {"ApplicationAutoScaling_RDSCluster", "AWSApplicationAutoscalingRDSClusterPolicy", false},
	"eks":                              {"AmazonEKS", "AmazonEKSServiceRolePolicy", false},
	"eks-nodegroup":                    {"AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup", false},
	"eks-fargate":                      {"AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy", false},
	"elasticache":                      {"ElastiCache", "ElastiCacheServiceRolePolicy", false},
	"elasticfilesystem":                {"AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy", false},
	"elasticloadbalancing":             {"ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy", false},
	"events":                           {"CloudWatchEvents", "CloudWatchEventsServiceRolePolicy", false},
	"ops.apigateway":                   {"APIGateway", "APIGatewayServiceRolePolicy", false},
	"rds":                              {"RDS", "AmazonRDSServiceRolePolicy", false},
	"replication.dynamodb":             {"DynamoDBReplication", "DynamoDBReplicationServiceRolePolicy", false},
	"replicator.lambda":                {"LambdaReplicator", "AWSLambdaReplicator", false},
	"spot":                             {"EC2Spot", "AWSEC2SpotServiceRolePolicy", false},
	"spotfleet":                        {"EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy", false},
	"organizations":                    {"Organizations", "AWSOrganizationsServiceTrustPolicy", false},
	"custom-resource.application-autoscaling": {"ApplicationAutoScaling_CustomResource", "AWSApplicationAutoScalingCustomResourcePolicy", false},
}

// linkedService finds the service with a principal's name.
func linkedService(principal string) (linked, bool) {
	l, ok := linkedServices[strings.TrimSuffix(principal, ".amazonaws.com")]
	return l, ok
}

// CreateServiceLinkedRole makes the role that a service acts in.
func (s *Service) CreateServiceLinkedRole(ctx context.Context, in *api.CreateServiceLinkedRoleInput) (*api.CreateServiceLinkedRoleOutput, error) {
	l, ok := linkedService(in.AWSServiceName)
	switch {
	case !ok:
		return nil, api.ErrInvalidInputException("Service %s does not have a service-linked role that Brume knows.", in.AWSServiceName)
	case in.CustomSuffix != nil && !l.suffixed:
		return nil, api.ErrInvalidInputException("Custom suffix is not allowed for %s", in.AWSServiceName)
	}
	name := "AWSServiceRoleFor" + l.name
	if in.CustomSuffix != nil {
		name += "_" + *in.CustomSuffix
	}
	var out api.CreateServiceLinkedRoleOutput
	err := s.update(ctx, func(t *tx) error {
		if _, taken := find(t, &roles, name); taken {
			return api.ErrInvalidInputException("Service role name %s has been taken in this account, please try a different suffix.", name)
		}
		r := &role{
			entity:      t.newEntity(prefixRole, name, new(serviceRolePath+in.AWSServiceName+"/"), nil),
			Trust:       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["` + in.AWSServiceName + `"]},"Action":["sts:AssumeRole"]}]}`,
			Description: or(in.Description, ""), MaxSession: defaultMaxSession, Service: in.AWSServiceName,
		}
		if err := t.addRole(r); err != nil {
			return err
		}
		if m, ok := t.resolve(awsRef + l.policy); ok {
			t.give(r.ID, &grant{Kind: grantManaged, Name: m.Name, Target: m.ref(), ARN: t.policyARN(m)})
		}
		out.Role = new(t.showRole(r))
		return nil
	})
	return &out, err
}

// DeleteServiceLinkedRole removes a service's role. AWS does so in the
// background, after asking the service; here it is done when the call returns.
func (s *Service) DeleteServiceLinkedRole(ctx context.Context, in *api.DeleteServiceLinkedRoleInput) (*api.DeleteServiceLinkedRoleOutput, error) {
	var out api.DeleteServiceLinkedRoleOutput
	err := s.update(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err != nil {
			return err
		}
		if r.Service == "" {
			return api.ErrNoSuchEntityException("The role with name %s is not a service-linked role.", in.RoleName)
		}
		out.DeletionTaskId = "task" + r.full() + "/" + aws.UUID(t.Random)
		deletions.Put(t.Tx, deletions.Key(t.Scope, kv.String(out.DeletionTaskId)), &deletion{Done: t.Now()})
		t.dropRole(r)
		return nil
	})
	return &out, err
}

// GetServiceLinkedRoleDeletionStatus tells how a deletion went.
func (s *Service) GetServiceLinkedRoleDeletionStatus(ctx context.Context, in *api.GetServiceLinkedRoleDeletionStatusInput) (*api.GetServiceLinkedRoleDeletionStatusOutput, error) {
	err := s.view(ctx, func(t *tx) error {
		if !deletions.Has(t.Tx, deletions.Key(t.Scope, kv.String(in.DeletionTaskId))) {
			return api.ErrNoSuchEntityException("The deletion task with id %s cannot be found.", in.DeletionTaskId)
		}
		return nil
	})
	return &api.GetServiceLinkedRoleDeletionStatusOutput{Status: api.DeletionTaskStatusTypeSUCCEEDED}, err
}
