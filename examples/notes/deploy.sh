#!/usr/bin/env bash
# Deploys the notes application with plain AWS CLI commands: to AWS, or to whatever
# AWS_ENDPOINT_URL says. Needs aws, python3 with pip, npm, zip. Writes build/outputs.json.
set -euo pipefail
cd "$(dirname "$0")"
export AWS_PAGER="" AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1}
export AWS_DEFAULT_OUTPUT=text
say() { printf '  %s\n' "$*"; }

account=$(aws sts get-caller-identity --query Account)
region=$AWS_DEFAULT_REGION
bucket=notes-site-$account-$region
case $(uname -m) in arm64 | aarch64) architecture=arm64 ;; *) architecture=x86_64 ;; esac

say "packing the functions and their libraries"
mkdir -p build/python build/nodejs
[ -d build/python/boto3 ] || python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore --target build/python boto3
[ -d build/nodejs/node_modules/@aws-sdk ] || npm install --silent --no-audit --no-fund --prefix build/nodejs @aws-sdk/client-sqs@3
rm -f build/*.zip
(cd build && zip -qr libraries.zip python nodejs -x '*/__pycache__/*' -x '*/README.md' -x '*.d.ts')
for f in notes.py worker.py publish.js; do zip -qj "build/${f%.*}.zip" "functions/$f"; done

say "the queue, with a dead-letter queue after three attempts"
dead=$(aws sqs create-queue --queue-name notes-dead --query QueueUrl)
dead_arn=$(aws sqs get-queue-attributes --queue-url "$dead" --attribute-names QueueArn --query Attributes.QueueArn)
queue=$(aws sqs create-queue --queue-name notes --query QueueUrl --attributes \
	"{\"VisibilityTimeout\":\"30\",\"RedrivePolicy\":\"{\\\"deadLetterTargetArn\\\":\\\"$dead_arn\\\",\\\"maxReceiveCount\\\":\\\"3\\\"}\"}")
queue_arn=$(aws sqs get-queue-attributes --queue-url "$queue" --attribute-names QueueArn --query Attributes.QueueArn)

say "the table, with a stream"
aws dynamodb create-table --table-name notes --billing-mode PAY_PER_REQUEST \
	--attribute-definitions AttributeName=owner,AttributeType=S AttributeName=id,AttributeType=S \
	--key-schema AttributeName=owner,KeyType=HASH AttributeName=id,KeyType=RANGE \
	--stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE >/dev/null
aws dynamodb wait table-exists --table-name notes
stream=$(aws dynamodb describe-table --table-name notes --query Table.LatestStreamArn)
table_arn=$(aws dynamodb describe-table --table-name notes --query Table.TableArn)

say "a role for each function, with what it needs and no more"
role() { # NAME STATEMENTS
	aws iam create-role --role-name "$1" --query Role.Arn --assume-role-policy-document \
		'{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}'
	aws iam attach-role-policy --role-name "$1" --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
	aws iam put-role-policy --role-name "$1" --policy-name work --policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[$2]}"
}
allow() { printf '{"Effect":"Allow","Action":[%s],"Resource":"%s"}' "$1" "$2"; }
notes_role=$(role notes-api "$(allow '"dynamodb:PutItem","dynamodb:GetItem","dynamodb:Query","dynamodb:DeleteItem"' "$table_arn")")
publish_role=$(role notes-publish "$(allow '"dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:DescribeStream"' "$stream"),$(allow '"dynamodb:ListStreams"' "$table_arn/stream/*"),$(allow '"sqs:SendMessage"' "$queue_arn")")
worker_role=$(role notes-worker "$(allow '"dynamodb:UpdateItem"' "$table_arn"),$(allow '"sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes"' "$queue_arn")")

say "the functions, in Python and Node"
layer=$(aws lambda publish-layer-version --layer-name notes-libraries --zip-file fileb://build/libraries.zip --query LayerVersionArn)
lambda_function() { # NAME RUNTIME HANDLER ROLE VARIABLES
	for attempt in 1 2 3 4 5 6; do # on AWS, a new role takes seconds to be known everywhere
		aws lambda create-function --function-name "$1" --runtime "$2" --handler "$3" --role "$4" --environment "Variables={$5}" --layers "$layer" \
			--architectures "$architecture" --timeout 15 --memory-size 256 --zip-file "fileb://build/${3%%.*}.zip" --query FunctionArn 2>build/error && break
		[ "$attempt" = 6 ] && { cat build/error >&2; return 1; }
		sleep 5
	done
	aws lambda wait function-active-v2 --function-name "$1"
}
notes=$(lambda_function notes-api python3.12 notes.handler "$notes_role" TABLE=notes)
lambda_function notes-publish nodejs20.x publish.handler "$publish_role" "QUEUE=$queue" >/dev/null
lambda_function notes-worker python3.12 worker.handler "$worker_role" TABLE=notes >/dev/null
aws lambda create-event-source-mapping --function-name notes-publish --event-source-arn "$stream" --starting-position TRIM_HORIZON \
	--batch-size 50 --filter-criteria '{"Filters":[{"Pattern":"{\"eventName\":[\"INSERT\"]}"}]}' >/dev/null
aws lambda create-event-source-mapping --function-name notes-worker --event-source-arn "$queue_arn" --batch-size 10 \
	--function-response-types ReportBatchItemFailures >/dev/null

say "the user pool and its client"
pool=$(aws cognito-idp create-user-pool --pool-name notes --query UserPool.Id)
client=$(aws cognito-idp create-user-pool-client --user-pool-id "$pool" --client-name web --query UserPoolClient.ClientId \
	--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH)

say "the HTTP API, which takes the pool's tokens"
api=$(aws apigatewayv2 create-api --name notes --protocol-type HTTP --query ApiId \
	--cors-configuration 'AllowOrigins=*,AllowMethods=GET,POST,DELETE,AllowHeaders=authorization,content-type')
url=$(aws apigatewayv2 get-api --api-id "$api" --query ApiEndpoint)
authorizer=$(aws apigatewayv2 create-authorizer --api-id "$api" --name people --authorizer-type JWT --identity-source '$request.header.Authorization' \
	--jwt-configuration "Issuer=https://cognito-idp.$region.amazonaws.com/$pool,Audience=$client" --query AuthorizerId)
integration=$(aws apigatewayv2 create-integration --api-id "$api" --integration-type AWS_PROXY --payload-format-version 2.0 \
	--integration-uri "$notes" --query IntegrationId)
for key in 'GET /notes' 'POST /notes' 'GET /notes/{id}' 'DELETE /notes/{id}'; do
	aws apigatewayv2 create-route --api-id "$api" --route-key "$key" --target "integrations/$integration" \
		--authorization-type JWT --authorizer-id "$authorizer" >/dev/null
done
aws apigatewayv2 create-stage --api-id "$api" --stage-name '$default' --auto-deploy >/dev/null
aws lambda add-permission --function-name notes-api --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com \
	--source-arn "arn:aws:execute-api:$region:$account:$api/*/*/notes*" >/dev/null

say "the site"
if [ "$region" = us-east-1 ]; then aws s3api create-bucket --bucket "$bucket" >/dev/null
else aws s3api create-bucket --bucket "$bucket" --create-bucket-configuration "LocationConstraint=$region" >/dev/null; fi
aws s3api delete-public-access-block --bucket "$bucket"
aws s3api put-bucket-policy --bucket "$bucket" --policy \
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::$bucket/*\"}}"
aws s3 website "s3://$bucket" --index-document index.html
cognito=https://cognito-idp.$region.amazonaws.com
[ -z "${AWS_ENDPOINT_URL:-}" ] || cognito=$AWS_ENDPOINT_URL
printf '{"api":"%s","client":"%s","cognito":"%s"}\n' "$url" "$client" "$cognito" >build/config.json
aws s3 cp site "s3://$bucket" --recursive --only-show-errors
aws s3 cp build/config.json "s3://$bucket/config.json" --only-show-errors

site=http://$bucket.s3-website-$region.amazonaws.com
[ -z "${AWS_ENDPOINT_URL:-}" ] || site=http://$bucket.s3-website.$region.localhost:${AWS_ENDPOINT_URL##*:}
cat >build/outputs.json <<JSON
{"site": "$site", "api": "$url", "pool": "$pool", "client": "$client", "cognito": "$cognito", "queue": "$queue", "dead": "$dead"}
JSON
say "deployed: $site"
