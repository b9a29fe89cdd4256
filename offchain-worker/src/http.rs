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

use crate::{health::Health, metrics::Exposition, ports::Clock, service::Monitor};

#[derive(Clone)]
struct Shared {
    metrics: Arc<dyn Exposition>,
    health: Arc<Health>,
    clock: Arc<dyn Clock>,
}

/// The address, taken; requests are answered once [`serve`] runs.
///
/// # Errors
/// Where the address is in use or not this machine's.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until `stop` is done.
///
/// # Errors
/// Where the system takes the listener away.
pub async fn serve<M: Exposition>(
    listener: TcpListener,
    monitor: Monitor<M>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let Monitor { metrics: shown, health: condition } = monitor;
    let app = Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .with_state(Shared { metrics: shown, health: condition, clock });
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match shared.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn health(State(shared): State<Shared>) -> Response {
    let (status, body) = match shared.health.verdict(shared.clock.now()) {
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

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::{adapters::SystemClock, health::Health, metrics::Metrics};

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
        let monitor = Monitor {
            metrics: Arc::new(Metrics::new().unwrap()),
            health: Arc::new(Health::new(Duration::from_secs(60))),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async move {
            let _ = stopped.await;
        };
        let server = tokio::spawn(serve(listener, monitor.clone(), clock.clone(), stopped));

        let answer = get(address, "/health").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("no block has been read yet"), "{answer}");
        monitor.health.block(7, clock.now());
        let answer = get(address, "/health").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("\"finalised_block\":7"), "{answer}");
        let answer = get(address, "/metrics").await;
        assert!(answer.contains("medchain_worker_requests_seen_total 0"), "{answer}");
        assert!(get(address, "/").await.starts_with("HTTP/1.1 404"));

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
