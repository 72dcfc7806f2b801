use super::*;

fn options(endpoint: &str) -> RecordOptions {
    RecordOptions { endpoint: Some(endpoint.to_owned()), ..RecordOptions::new("never-made") }
}

fn at(endpoint: &str) -> Url {
    Url::parse(endpoint).unwrap()
}

#[test]
fn the_token_goes_over_tls_or_nowhere() {
    for good in ["https://management.azure.com", "http://127.0.0.1:8080", "http://[::1]:1"] {
        assert!(endpoint(&options(good)).is_ok(), "{good}");
    }
    for bad in
        ["http://10.0.0.1", "http://localhost.example.org", "ftp://localhost", "x", "https://u:p@h"]
    {
        let error = endpoint(&options(bad)).unwrap_err();
        assert!(matches!(error, LiveError::BadEndpoint { .. }), "{bad}");
    }
}

#[test]
fn the_token_goes_to_the_endpoint_and_its_regions_alone() {
    let own = at("https://management.azure.com/");
    for good in
        ["https://management.azure.com:443/a?b", "https://westeurope.management.azure.com/a"]
    {
        assert!(is_same_place(&own, &at(good)), "{good}");
    }
    for bad in [
        "http://management.azure.com/",
        "https://management.azure.com:8443/",
        "https://evilmanagement.azure.com/",
        "https://management.azure.com.evil.org/",
        "https://evil.org/management.azure.com",
        "https://.management.azure.com/",
    ] {
        let url = Url::parse(bad);
        assert!(url.is_err() || !is_same_place(&own, &url.unwrap()), "{bad}");
    }
    assert!(!is_same_place(&at("http://127.0.0.1:1"), &at("http://127.0.0.1:2")));
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[test]
fn a_server_says_how_long_to_wait_in_seconds_or_by_the_clock() {
    let seconds = |text| retry_after(&headers(&[("retry-after", text)]));
    assert_eq!(seconds("17"), Some(Duration::from_secs(17)));
    assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
    assert!(seconds("Wed, 21 Oct 2093 07:28:00 GMT") > Some(LONGEST_WAIT));
    assert_eq!(seconds("soon"), None);
}

#[test]
fn the_smallest_number_of_calls_that_are_left_counts() {
    let left = |pairs: &[(&'static str, &str)]| remaining(&headers(pairs));
    assert_eq!(left(&[]), None);
    assert_eq!(left(&[(REMAINING[0], "11999")]), Some(11999));
    assert_eq!(left(&[(REMAINING[0], "11999"), (REMAINING[1], "3")]), Some(3));
}

#[tokio::test]
async fn a_hundred_calls_a_second_take_their_time() {
    let pace = Pace::new(NonZeroU32::new(100).unwrap());
    let start = Instant::now();
    for _ in 0..11 {
        pace.turn().await;
    }
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn nobody_asks_while_the_server_rests_whoever_had_a_turn() {
    let pace = Pace::new(NonZeroU32::new(50).unwrap());
    pace.turn().await;
    let start = Instant::now();
    let rest = async { pace.rest(Duration::from_millis(200)) };
    // The turn was taken before the rest began.
    tokio::join!(pace.turn(), rest);
    assert!(start.elapsed() >= Duration::from_millis(200));
    let start = Instant::now();
    pace.heed(Some(SPARE_CALLS));
    pace.turn().await;
    assert!(start.elapsed() < SLOW);
    pace.heed(Some(0));
    pace.turn().await;
    assert!(start.elapsed() >= SLOW);
}
