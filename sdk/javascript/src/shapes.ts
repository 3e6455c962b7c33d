// Which fields hold models (`Name`, `[]Name`, `{}Name`), and which are left as they are (`*`).
// Made from docs/openapi.yaml by `make sdk`; not to be edited.

export const SHAPES: Record<string, Record<string, string>> = {
  Audit: { what: '*', before: '*', after: '*' },
  AuditList: { records: '[]Audit' },
  BulkAnswer: { results: '[]BulkResult', summary: 'BulkSummary' },
  ClusterMetrics: { cluster_utilization: 'ClusterUtilization', job_counts: '*', node_counts: '*', queue_stats: 'QueueStats' },
  ClusterStatus: { routes: '*', history: 'HistoryStatus' },
  EfficiencyEntry: { request: 'Request', suggested_request: 'Suggestion' },
  EfficiencyList: { efficiency: '[]EfficiencyEntry', summary: 'Figures' },
  ExportList: { exports: '[]Export' },
  Job: { environment: '*', resources: 'JobResources', dependencies: '[]JobDependency' },
  JobList: { jobs: '[]JobSummary' },
  NodeAnswer: { results: '[]NodeResult' },
  NodeList: { nodes: '[]Node' },
  PartitionList: { partitions: '[]Partition' },
  Performance: { metrics: '[]PerformanceBucket' },
  SearchResults: { results: '[]SearchResult' },
  Status: { clusters: '[]ClusterStatus', caller: 'CallerStatus' },
  TokenList: { tokens: '[]Token' },
  User: { associations: '[]Association' },
  UserList: { users: '[]User' },
  WhoAmI: { credential: 'Credential' },
  JobSubmitRequest: { environment: '*', dependencies: '[]Dependency' },
  JobBulkRequest: { options: 'BulkOptions' },
  ExportCreateRequest: { filter: '*', options: 'ExportOptions' },
};
