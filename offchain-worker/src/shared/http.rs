//! `GET /metrics` and `GET /health`.

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use axum::{
    extract::State,
    http::{header::CONTENT_TYPE, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
    Router,
};
use tokio::net::TcpListener;

use super::{
    health::Health,
    metrics::{CommonMetrics, DutyMetrics},
    monitor::Monitor,
    ports::Clock,
};

/// What is shown.
#[derive(Clone)]
pub struct Shown {
    metrics: CommonMetrics,
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
}

impl Shown {
    /// The metrics and the health of a duty, by its clock.
    pub fn of<M: DutyMetrics>(monitor: &Monitor<M>, clock: Arc<dyn Clock>) -> Self {
        // The clones of a metric share its value.
        let metrics = monitor.metrics.common().clone();
        Self { metrics, health: monitor.health.clone(), clock }
    }
}

/// Binds the address; requests are answered once [`serve`] runs.
///
/// # Errors
/// Where the address is in use or does not belong to this machine.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until `stop` is done.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    shown: Shown,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .with_state(shown);
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

async fn metrics(State(shown): State<Shown>) -> Response {
    match shown.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn health(State(shown): State<Shown>) -> Response {
    let (status, body) = match shown.health.verdict(shown.clock.now()) {
        Ok(block) => {
            (StatusCode::OK, serde_json::json!({ "healthy": true, "finalised_block": block }))
        }
        Err(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            serde_json::json!({ "healthy": false, "reason": reason }),
        ),
    };
    let json = [(CONTENT_TYPE, "application/json")];
    (status, json, format!("{body}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use medchain_client::chain::Finality;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::shared::clock::SystemClock;

    struct TestMetrics(CommonMetrics);

    impl DutyMetrics for TestMetrics {
        fn new() -> Result<Self, prometheus::Error> {
            CommonMetrics::new("medchain_test").map(Self)
        }

        fn common(&self) -> &CommonMetrics {
            &self.0
        }
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn health_and_metrics_are_served() {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let monitor = Monitor::<TestMetrics>::new(Duration::from_secs(60)).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async move {
            let _ = stopped.await;
        };
        let shown = Shown::of(&monitor, clock.clone());
        let server = tokio::spawn(serve(listener, shown, stopped));

        let answer = get(address, "/health").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("no block has been read yet"), "{answer}");
        monitor.health.block(7, clock.now());
        let answer = get(address, "/health").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("\"finalised_block\":7"), "{answer}");
        monitor.metrics.common().block_read(Finality::Best, 12);
        let answer = get(address, "/metrics").await;
        assert!(answer.contains("medchain_test_block{view=\"best\"} 12"), "{answer}");
        assert!(get(address, "/").await.starts_with("HTTP/1.1 404"));

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
