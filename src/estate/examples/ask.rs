use cloudfw_estate::*;
fn main() {
    let mut a = std::env::args().skip(1);
    let path = a.next().unwrap();
    let options = OpenOptions { assume_none: parse_assume_none(["all"]).unwrap() };
    let t = std::time::Instant::now();
    let estate = match Estate::open(&[path.into()], &options) { Ok(e) => e, Err(e) => { eprintln!("{e}"); return } };
    eprintln!("open {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let inquiry = estate.inquiry();
    eprintln!("graph {:?}", t.elapsed());
    let line: Vec<String> = a.collect();
    if line[0] == "show" {
        match inquiry.show(&line[1]) { Ok(d) => println!("{}", serde_json::to_string_pretty(&d).unwrap()), Err(e) => eprintln!("error: {e}") }
        return;
    }
    let t = std::time::Instant::now();
    let query: Query = match line.join(" ").parse() { Ok(q) => q, Err(e) => { eprintln!("error: {e}"); return } };
    let answer = inquiry.reach(&query);
    eprintln!("reach {:?}", t.elapsed());
    match answer { Ok(a) => { if a.answers.len() > 50 { println!("{} {}", a.verdict, a.answers.len()); } else {println!("{}", serde_json::to_string_pretty(&a).unwrap()) } }, Err(e) => eprintln!("error: {e}") }
}
