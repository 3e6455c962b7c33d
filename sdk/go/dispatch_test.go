// Code generated from docs/openapi.yaml by `make sdk`. DO NOT EDIT.

package s9s

import "encoding/json"

type caller func(c *Client, path []string, arguments json.RawMessage) (any, error)

var dispatch = map[string]caller{
	"jobs.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.List(&given)
	},
	"jobs.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Jobs.All(&given))
	},
	"jobs.submit": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobSubmitRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.IdempotencyKey = keyIn(arguments)
		return c.Jobs.Submit(&given)
	},
	"jobs.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Jobs.Get(path[0])
	},
	"jobs.cancel": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobCancelOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Cancel(path[0], &given)
	},
	"jobs.bulk": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobBulkRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Bulk(&given)
	},
	"jobs.hold": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobHoldRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Hold(path[0], &given)
	},
	"jobs.release": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Jobs.Release(path[0])
	},
	"jobs.set_priority": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobSetPriorityRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.SetPriority(path[0], &given)
	},
	"jobs.requeue": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Jobs.Requeue(path[0])
	},
	"jobs.suspend": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Jobs.Suspend(path[0])
	},
	"jobs.resume": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Jobs.Resume(path[0])
	},
	"jobs.output": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobOutputOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Output(path[0], &given)
	},
	"jobs.error": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given JobErrorOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Error(path[0], &given)
	},
	"nodes.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given NodeListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Nodes.List(&given)
	},
	"nodes.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given NodeListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Nodes.All(&given))
	},
	"nodes.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Nodes.Get(path[0])
	},
	"nodes.drain": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given NodeDrainRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Nodes.Drain(path[0], &given)
	},
	"nodes.resume": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Nodes.Resume(path[0])
	},
	"nodes.set_state": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given NodeSetStateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Nodes.SetState(path[0], &given)
	},
	"users.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given UserListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Users.List(&given)
	},
	"users.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given UserListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Users.All(&given))
	},
	"users.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Users.Get(path[0])
	},
	"partitions.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given PartitionListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Partitions.List(&given)
	},
	"partitions.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given PartitionListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Partitions.All(&given))
	},
	"partitions.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Partitions.Get(path[0])
	},
	"metrics.cluster": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Metrics.Cluster()
	},
	"metrics.performance": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given MetricPerformanceOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Metrics.Performance(&given)
	},
	"metrics.efficiency": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given MetricEfficiencyOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Metrics.Efficiency(&given)
	},
	"metrics.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given MetricEfficiencyOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Metrics.All(&given))
	},
	"search.query": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given SearchQueryOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Search.Query(&given)
	},
	"search.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given SearchQueryOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Search.All(&given))
	},
	"reports.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ReportCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		var more ReportCreateOptions
		if err := decode(arguments, &more); err != nil {
			return nil, err
		}
		return c.Reports.Create(&given, &more)
	},
	"reports.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ReportListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Reports.List(&given)
	},
	"reports.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ReportListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Reports.All(&given))
	},
	"reports.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ReportGetOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Reports.Get(path[0], &given)
	},
	"reports.delete": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Reports.Delete(path[0])
	},
	"reports.download": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Reports.Download(path[0])
	},
	"schedules.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ScheduleCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Schedules.Create(&given)
	},
	"schedules.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ScheduleListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Schedules.List(&given)
	},
	"schedules.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ScheduleListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Schedules.All(&given))
	},
	"schedules.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Schedules.Get(path[0])
	},
	"schedules.update": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ScheduleUpdateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Schedules.Update(path[0], &given)
	},
	"schedules.delete": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Schedules.Delete(path[0])
	},
	"auth.login": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AuthLoginRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Auth.Login(&given)
	},
	"auth.whoami": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Auth.WhoAmI()
	},
	"tokens.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given TokenListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Tokens.List(&given)
	},
	"tokens.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given TokenListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Tokens.All(&given))
	},
	"tokens.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given TokenCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Tokens.Create(&given)
	},
	"tokens.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Tokens.Get(path[0])
	},
	"tokens.revoke": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Tokens.Revoke(path[0])
	},
	"alerts.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AlertListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Alerts.List(&given)
	},
	"alerts.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AlertListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Alerts.All(&given))
	},
	"alerts.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Alerts.Get(path[0])
	},
	"alerts.acknowledge": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AlertAcknowledgeRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Alerts.Acknowledge(path[0], &given)
	},
	"silences.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given SilenceListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Silences.List(&given)
	},
	"silences.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given SilenceListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Silences.All(&given))
	},
	"silences.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given SilenceCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Silences.Create(&given)
	},
	"silences.end": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Silences.End(path[0])
	},
	"audit.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AuditListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Audit.List(&given)
	},
	"audit.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AuditListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Audit.All(&given))
	},
	"events.ticket": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Events.Ticket()
	},
	"server.asyncapi_json": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.AsyncAPIJSON()
	},
	"server.asyncapi_yaml": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.AsyncAPIYAML()
	},
	"webhooks.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given WebhookCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Webhooks.Create(&given)
	},
	"webhooks.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given WebhookListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Webhooks.List(&given)
	},
	"webhooks.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given WebhookListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Webhooks.All(&given))
	},
	"webhooks.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Webhooks.Get(path[0])
	},
	"webhooks.update": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given WebhookUpdateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Webhooks.Update(path[0], &given)
	},
	"webhooks.delete": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Webhooks.Delete(path[0])
	},
	"webhooks.test": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Webhooks.Test(path[0])
	},
	"deliveries.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given DeliverieListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Deliveries.List(path[0], &given)
	},
	"deliveries.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given DeliverieListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Deliveries.All(path[0], &given))
	},
	"deliveries.redeliver": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Deliveries.Redeliver(path[0], path[1])
	},
	"exports.create": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ExportCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		var more ExportCreateOptions
		if err := decode(arguments, &more); err != nil {
			return nil, err
		}
		return c.Exports.Create(&given, &more)
	},
	"exports.list": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ExportListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Exports.List(&given)
	},
	"exports.iterate": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ExportListOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		given.Limit = pageSizeIn(arguments)
		return collect(c.Exports.All(&given))
	},
	"exports.get": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given ExportGetOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Exports.Get(path[0], &given)
	},
	"exports.delete": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Exports.Delete(path[0])
	},
	"exports.download": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Exports.Download(path[0])
	},
	"server.status": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.Status()
	},
	"server.openapi_json": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.OpenAPIJSON()
	},
	"server.openapi_yaml": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.OpenAPIYAML()
	},
	"server.health": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.Health()
	},
	"server.ready": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Server.Ready()
	},
	"metrics.scrape": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		return c.Metrics.Scrape()
	},
	"auth.access_token": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given AuthAccessTokenRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Auth.AccessToken(&given)
	},
}
