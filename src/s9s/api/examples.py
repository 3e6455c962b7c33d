"""The contract's own examples, by the name of the route; shown in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

REQUEST_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "issue_access_token": {
        "client_id": "your_client_id",
        "client_secret": "your_client_secret",
        "grant_type": "client_credentials",
    },
    "submit_job": {
        "job_name": "my_simulation",
        "script": "/home/alice/scripts/simulation.sh",
        "partition": "gpu",
        "nodes": 2,
        "cpus_per_node": 16,
        "memory": "64GB",
        "gpus": 2,
        "time_limit": "4:00:00",
        "account": "research",
        "qos": "normal",
        "working_directory": "/home/alice/simulations",
        "standard_output": "/home/alice/logs/%j.out",
        "standard_error": "/home/alice/logs/%j.err",
        "environment": {"CUDA_VISIBLE_DEVICES": "0,1"},
        "dependencies": [{"type": "afterok", "job_id": "12344"}],
    },
    "export_data": {
        "type": "jobs",
        "format": "csv",
        "filter": {
            "state": "COMPLETED",
            "user": "alice",
            "start_time": "2023-12-01T00:00:00Z",
            "end_time": "2023-12-31T23:59:59Z",
        },
        "fields": ["job_id", "job_name", "user", "state", "runtime"],
        "options": {"include_headers": True, "delimiter": ",", "filename": "alice_december_jobs.csv"},
    },
    "hold_job": {"reason": "Debugging required"},
    "set_job_priority": {"priority": 1500},
    "drain_node": {"reason": "Hardware maintenance", "timeout": "2h"},
    "set_node_state": {"state": "DOWN", "reason": "Hardware failure"},
    "bulk_jobs": {
        "action": "cancel",
        "job_ids": ["12345", "12346", "12347"],
        "options": {"force": True, "reason": "Emergency maintenance"},
    },
}

RESPONSE_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "list_jobs": {
        "jobs": [
            {
                "job_id": "12345",
                "job_name": "simulation_run",
                "user": "alice",
                "account": "research",
                "partition": "gpu",
                "state": "RUNNING",
                "submit_time": "2023-12-15T10:30:00Z",
                "start_time": "2023-12-15T10:32:15Z",
                "end_time": None,
                "elapsed_time": "2:15:30",
                "time_limit": "4:00:00",
                "nodes": ["node001", "node002"],
                "node_count": 2,
                "cpu_count": 32,
                "memory": "128GB",
                "gpus": 4,
                "priority": 1000,
                "qos": "normal",
                "working_directory": "/home/alice/simulations",
                "standard_output": "/home/alice/logs/job_12345.out",
                "standard_error": "/home/alice/logs/job_12345.err",
                "exit_code": None,
                "reason": None,
            }
        ],
        "total": 156,
        "limit": 50,
        "offset": 0,
        "has_more": True,
    },
    "get_job": {
        "job_id": "12345",
        "job_name": "simulation_run",
        "user": "alice",
        "account": "research",
        "partition": "gpu",
        "state": "RUNNING",
        "submit_time": "2023-12-15T10:30:00Z",
        "start_time": "2023-12-15T10:32:15Z",
        "end_time": None,
        "elapsed_time": "2:15:30",
        "time_limit": "4:00:00",
        "nodes": ["node001", "node002"],
        "node_count": 2,
        "cpu_count": 32,
        "memory": "128GB",
        "gpus": 4,
        "priority": 1000,
        "qos": "normal",
        "working_directory": "/home/alice/simulations",
        "command": "/home/alice/scripts/run_simulation.sh",
        "environment": {"PATH": "/usr/local/bin:/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": "0,1,2,3"},
        "resources": {
            "cpu_efficiency": 0.85,
            "memory_efficiency": 0.67,
            "gpu_utilization": 0.92,
            "max_memory_used": "89GB",
            "max_cpu_time": "127.5h",
        },
        "dependencies": [],
        "array_job_id": None,
        "array_task_id": None,
    },
    "submit_job": {"job_id": "12346", "state": "PENDING", "message": "Job submitted successfully"},
    "export_data": {
        "export_id": "exp_abc123",
        "status": "processing",
        "download_url": None,
        "created_at": "2023-12-15T14:30:00Z",
        "expires_at": "2023-12-16T14:30:00Z",
    },
    "get_export": {
        "export_id": "exp_abc123",
        "status": "completed",
        "download_url": "https://api.example.com/v1/exports/exp_abc123/download",
        "file_size": 2048576,
        "record_count": 1247,
        "created_at": "2023-12-15T14:30:00Z",
        "completed_at": "2023-12-15T14:32:15Z",
        "expires_at": "2023-12-16T14:30:00Z",
    },
    "cancel_job": {"job_id": "12345", "state": "CANCELLED", "message": "Job cancelled successfully"},
    "list_nodes": {
        "nodes": [
            {
                "node_name": "node001",
                "state": "MIXED",
                "partitions": ["gpu", "normal"],
                "cpu_total": 32,
                "cpu_allocated": 16,
                "cpu_load": 14.2,
                "memory_total": "128GB",
                "memory_allocated": "64GB",
                "memory_free": "58GB",
                "gpus_total": 4,
                "gpus_allocated": 2,
                "features": ["gpu", "cuda", "infiniband"],
                "architecture": "x86_64",
                "os": "Linux 5.4.0-74-generic",
                "boot_time": "2023-12-01T08:30:00Z",
                "last_busy": "2023-12-15T12:45:30Z",
                "jobs": ["12345", "12347"],
                "reason": None,
            }
        ],
        "total": 256,
    },
    "list_users": {
        "users": [
            {
                "username": "alice",
                "default_account": "research",
                "admin_level": "none",
                "jobs_running": 15,
                "jobs_pending": 3,
                "cpu_time_used": "1247h",
                "associations": [{"account": "research", "partition": "gpu", "qos": ["normal", "high"]}],
            }
        ]
    },
    "list_partitions": {
        "partitions": [
            {
                "name": "gpu",
                "state": "UP",
                "nodes_total": 32,
                "nodes_idle": 8,
                "nodes_allocated": 20,
                "nodes_mixed": 4,
                "cpus_total": 1024,
                "cpus_allocated": 756,
                "default_time": "2:00:00",
                "max_time": "7-00:00:00",
                "max_nodes": 16,
                "priority": 1000,
                "qos": "normal",
                "features": ["gpu", "cuda"],
            }
        ]
    },
    "get_cluster_metrics": {
        "timestamp": "2023-12-15T14:30:00Z",
        "cluster_utilization": {"cpu_percent": 78.5, "memory_percent": 65.2, "gpu_percent": 84.7},
        "job_counts": {"RUNNING": 1247, "PENDING": 156, "COMPLETED": 45672, "FAILED": 234, "CANCELLED": 89},
        "node_counts": {"IDLE": 45, "MIXED": 89, "ALLOCATED": 112, "DOWN": 3, "DRAIN": 2},
        "queue_stats": {"avg_wait_time": "12m 34s", "max_wait_time": "2h 15m", "throughput": 145.7},
    },
    "get_performance_metrics": {
        "metrics": [
            {
                "timestamp": "2023-12-15T14:00:00Z",
                "cpu_utilization": 76.8,
                "memory_utilization": 63.5,
                "gpu_utilization": 82.1,
                "jobs_submitted": 45,
                "jobs_completed": 38,
                "avg_queue_time": 720,
            }
        ],
        "interval": "1h",
        "count": 24,
    },
    "bulk_jobs": {
        "batch_id": "batch_xyz789",
        "results": [
            {"job_id": "12345", "status": "success", "message": "Job cancelled"},
            {"job_id": "12346", "status": "error", "message": "Job already completed"},
        ],
        "summary": {"total": 3, "successful": 2, "failed": 1},
    },
}

ERROR_EXAMPLE: Final[dict[str, Any]] = {
    "error": {
        "code": "RESOURCE_NOT_FOUND",
        "message": "Job 99999 not found",
        "details": {"resource_type": "job", "resource_id": "99999"},
        "request_id": "req_abc123",
        "timestamp": "2023-12-15T14:30:00Z",
    }
}
