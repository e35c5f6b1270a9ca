"""Every text of the report, in English and Chinese."""

from __future__ import annotations

from lifeloop.base.text import Text
from lifeloop.predict.stage.rules import STAGES

TEXTS: dict[str, Text] = {
    # the head
    "report": Text("Customer report", "顾客报告"),
    "as_of": Text("What is known before {day}", "截至 {day} 之前的已知情况"),
    "made_by": Text(
        "Made by lifeloop from this shop's own data. This file asks for nothing from any network.",
        "由 lifeloop 用本店自己的数据生成。本文件不从网络获取任何内容。",
    ),
    "read_first": Text("Read this first", "请先阅读"),
    "notes": Text("What these figures cannot know", "这些数字无法知道的事"),
    "contents": Text("Contents", "目录"),
    "table_behind": Text("The figures as a table", "以表格查看数字"),
    # headline
    "customers": Text("Customers", "顾客"),
    "customers_sub": Text("{active} ordered in the last 90 days", "{active} 人在近 90 天内下过单"),
    "revenue_days": Text("Revenue, last {days} days", "近 {days} 天收入"),
    "against": Text("against the {days} days before", "较此前 {days} 天"),
    "nothing_before": Text("the {days} days before are not fully known", "此前 {days} 天并非全部已知"),
    "expected": Text("Revenue, next {days} days", "未来 {days} 天收入"),
    "between": Text("expected; 80% interval {range}", "预期值；80% 区间 {range}"),
    "expected_none": Text("Nobody has a value score yet", "尚无价值分数"),
    "churn_expected": Text("Will not order within {days} days", "{days} 天内不会下单"),
    "churn_share": Text("{share} of customers; 80% interval {low} – {high}", "占顾客的 {share}；80% 区间 {low} – {high}"),
    "periods": Text("The last days, against as many before", "最近时期与此前同样长的时期"),
    "period": Text("Period", "时期"),
    "last_days": Text("last {days} days", "近 {days} 天"),
    "orders": Text("Orders", "订单"),
    "revenue": Text("Revenue", "收入"),
    "buyers": Text("Customers who ordered", "下单顾客"),
    "change": Text("Change", "变化"),
    # products
    "together": Text("What is bought together", "哪些商品一起购买"),
    "together_lead": Text(
        "Of the orders with {first}, {share} also hold {then}: {lift} times as many as by chance.",
        "含有{first}的订单中，{share} 也含有{then}，是偶然情况的 {lift} 倍。",
    ),
    "together_note": Text(
        "The surest rules first. Among all rules that are kept, at most 5% are expected to be false.",
        "最可靠的规则在前。所有保留的规则中，预计至多 5% 为误报。",
    ),
    "together_none": Text(
        "No two products stand in the same orders more often than by chance, or no orders with lines are known.",
        "没有两种商品明显多于偶然地出现在同一订单中，或没有含明细的订单。",
    ),
    "who_buys": Text("Who buys", "购买"),
    "buys_too": Text("buys too", "也购买"),
    "confidence": Text("Confidence", "置信度"),
    "interval95": Text("95% interval", "95% 区间"),
    "lift": Text("Lift", "提升度"),
    "recommended": Text("What messages recommend", "消息中推荐什么"),
    "recommended_lead": Text(
        "{customers} customers may be recommended to by what they did; their lists hold {products} different products.",
        "可按其行为向 {customers} 位顾客推荐；他们的列表共含 {products} 种不同商品。",
    ),
    "recommended_note": Text(
        "The products in most customers' lists. One customer's, with reasons: lifeloop recommend CUSTOMER --placement message.",
        "出现在最多顾客列表中的商品。查看某位顾客的列表和原因：lifeloop recommend CUSTOMER --placement message。",
    ),
    "recommended_none": Text(
        "Nothing is recommended in messages: nobody is known to agree to it, or nothing was learned yet. [recommend] consent "
        "says whose history may be used.",
        "消息中没有推荐：尚不知有人同意，或尚未学到任何内容。[recommend] consent 决定可使用谁的历史。",
    ),
    "product": Text("Product", "商品"),
    "in_lists": Text("Customers whose list it is in", "列表中含有它的顾客"),
    "stands_first": Text("Stands first", "排在首位"),
    # stages
    "stages": Text("Where customers stand", "顾客处于哪个阶段"),
    "stages_lead": Text(
        "{loyal} loyal customers, {share} of those who ordered, bring {revenue} of the revenue expected in the next {days} "
        "days.",
        "{loyal} 位忠诚顾客占下单顾客的 {share}，带来未来 {days} 天预期收入的 {revenue}。",
    ),
    "stages_plain": Text(
        "Every customer stands in exactly one stage, by rules learned from this shop's own rhythm.",
        "每位顾客恰好处于一个阶段，规则由本店自己的节奏学得。",
    ),
    "stage": Text("Stage", "阶段"),
    "share": Text("Share", "占比"),
    "since": Text("Since {day}", "自 {day} 以来"),
    "revenue_expected": Text("Revenue expected", "预期收入"),
    "rule": Text("Rule", "规则"),
    "rules": Text("The rules in words", "规则说明"),
    "stages_none": Text("Nobody has a stage yet. Run: lifeloop run.", "尚无顾客阶段。请运行：lifeloop run。"),
    "flow": Text("How they moved", "他们如何移动"),
    "flow_title": Text("How customers moved between stages", "顾客在各阶段之间的移动"),
    "flow_about": Text(
        "Ribbons from the stages on {before} to the stages on {after}, as thick as there are customers.",
        "从 {before} 的阶段到 {after} 的阶段的色带，粗细与顾客人数成正比。",
    ),
    "flow_lead": Text(
        "Since {day}, {nearer} customers came back from being at risk or lapsed, and {away} slipped away.",
        "自 {day} 以来，{nearer} 位顾客从有流失风险或已流失中回来，{away} 位顾客正在流失。",
    ),
    "flow_hint": Text(
        "{before} → {after}: {customers} ({share} of {before})", "{before} → {after}：{customers}（占{before}的 {share}）"
    ),
    "flow_none": Text(
        "There is no earlier moment to compare with: stages are known as of one moment only.",
        "没有更早的时刻可供比较：目前只知道一个时刻的阶段。",
    ),
    "came_nearer": Text("came nearer", "靠近"),
    "went_away": Text("moved away", "远离"),
    "stayed": Text("stayed", "不变"),
    "arrived": Text("new to the shop", "新到店"),
    "from": Text("From", "从"),
    "to": Text("To", "到"),
    # revenue
    "revenue_months": Text("Revenue by month", "月度收入"),
    "revenue_title": Text("Revenue by month", "月度收入"),
    "revenue_about": Text(
        "One column per month; a month that is not complete is lighter.", "每月一根柱；不完整的月份颜色较浅。"
    ),
    "revenue_hint": Text("{month}: {revenue}, {orders} orders", "{month}：{revenue}，{orders} 笔订单"),
    "revenue_lead": Text("The best month was {month} with {revenue}.", "收入最高的月份是 {month}，为 {revenue}。"),
    "revenue_none": Text("No order is known yet.", "尚无订单。"),
    "month": Text("Month", "月份"),
    "refunded": Text("Refunded", "退款"),
    "incomplete": Text("not complete", "不完整"),
    # cohorts
    "cohorts": Text("Who comes back", "谁会回来"),
    "cohorts_title": Text("Customers of each month who ordered again later", "各月新客之后再次下单的情况"),
    "cohorts_about": Text(
        "Rows: month of the first order. Columns: months since. Cells: share of the cohort that ordered in that month.",
        "行：首单月份。列：之后第几个月。格：该月下单者占同期群的比例。",
    ),
    "cohorts_lead": Text(
        "Of the customers who came in a month, {one} ordered in the next one and {six} in the sixth, on average over cohorts.",
        "各月新来的顾客中，平均有 {one} 在次月、{six} 在第六个月再次下单。",
    ),
    "cohorts_lead_short": Text(
        "Of the customers who came in a month, {one} ordered in the next one, on average over cohorts.",
        "各月新来的顾客中，平均有 {one} 在次月再次下单。",
    ),
    "cohorts_none": Text("It takes two months of orders to see who comes back.", "至少需要两个月的订单才能看出谁会回来。"),
    "cohorts_cut": Text(
        "The last {shown} of {all} cohorts are drawn; the table has them all.",
        "图中为最近 {shown} 个同期群（共 {all} 个）；表格列出全部。",
    ),
    "first_order": Text("First order", "首单"),
    "months_since": Text("Months since", "之后月数"),
    "cohort_hint": Text(
        "{month}, {age} months later: {active} of {customers} customers; revenue {share} of the first month's",
        "{month}，{age} 个月后：{customers} 位中的 {active} 位；收入为首月的 {share}",
    ),
    "revenue_share": Text("Revenue against the first month", "相对首月的收入"),
    # rfm
    "rfm": Text("Recency and frequency", "最近与频次"),
    "rfm_title": Text("Customers by recency and frequency score", "按最近与频次得分分布的顾客"),
    "rfm_about": Text(
        "Five by five: recency score upwards, order-day score to the right. Cells: customers, and what they bought on average.",
        "五乘五：纵轴为最近得分，横轴为下单日得分。格内：顾客人数与人均已购金额。",
    ),
    "rfm_lead": Text(
        "{name} are {share} of customers and bought {goods} of all goods so far.",
        "{name}占顾客的 {share}，至今购买了全部商品的 {goods}。",
    ),
    "rfm_none": Text("Nobody has an RFM score yet. Run: lifeloop run.", "尚无 RFM 得分。请运行：lifeloop run。"),
    "rfm_across": Text("Frequency: order days →", "频次：下单日 →"),
    "rfm_up": Text("Recency: later →", "最近：越近 →"),
    "rfm_hint": Text(
        "R{r} F{f}: {customers} customers, {goods} bought on average", "R{r} F{f}：{customers} 位顾客，人均已购 {goods}"
    ),
    "rfm_ties": Text(
        "Equal values get equal scores, so the fifths are not equally large where many customers are alike.",
        "相同的值得到相同的分数，因此在许多顾客相似之处，五分位并不一样大。",
    ),
    # clusters
    "segments": Text("Customers who are alike", "相似的顾客"),
    "segments_title": Text("Clusters: share of customers and of expected revenue", "聚类：顾客占比与预期收入占比"),
    "segments_about": Text(
        "Two bars per cluster: its share of customers, and of the revenue expected of all.",
        "每个聚类两根条：顾客占比与预期收入占比。",
    ),
    "segments_stable": Text(
        "Found again, largely unchanged, in other samples of customers (stability {stability} of 1): a sound base "
        "for campaigns.",
        "换一批顾客抽样大体得到同样的分群（稳定度 {stability}，满分 1）：可以放心用于活动。",
    ),
    "segments_unstable": Text(
        "Other samples of customers give partly other clusters (stability {stability} of 1): take them as a picture, "
        "not as a fact.",
        "换一批顾客抽样会得到部分不同的分群（稳定度 {stability}，满分 1）：请当作示意，而非事实。",
    ),
    "segments_one": Text(
        "The customers are too few or too much alike to be told apart: they are one segment, and there is no stability to "
        "speak of.",
        "顾客太少或过于相似，无法区分：合为一个人群，谈不上稳定度。",
    ),
    "segments_how": Text(
        "Method {method}, {clusters} clusters, found on {sampled} customers; silhouette {silhouette}.",
        "方法 {method}，{clusters} 个聚类，基于 {sampled} 位顾客；轮廓系数 {silhouette}。",
    ),
    "segments_none": Text("Nobody has a cluster yet. Run: lifeloop run.", "尚无聚类。请运行：lifeloop run。"),
    "segment": Text("Segment", "人群"),
    "of_customers": Text("of customers", "顾客占比"),
    "of_revenue": Text("of expected revenue", "预期收入占比"),
    "churn_mean": Text("Churn on average", "平均流失概率"),
    "bought": Text("Bought so far", "累计已购"),
    # churn
    "calibration": Text("Can a churn probability be believed?", "流失概率可信吗？"),
    "calibration_title": Text("Predicted and observed churn", "预测流失与实际流失"),
    "calibration_about": Text(
        "Points on the diagonal: what was predicted came true. Lines: 80% intervals of the observed share.",
        "点在对角线上表示预测成真。线段：实际比例的 80% 区间。",
    ),
    "calibration_hint": Text(
        "predicted {predicted}, observed {observed} of {rows}", "预测 {predicted}，{rows} 中实际 {observed}"
    ),
    "calibration_none": Text(
        "Nobody asked the churn model about this shop's own past yet. Run: lifeloop backtest.",
        "尚未用本店自己的历史检验流失模型。请运行：lifeloop backtest。",
    ),
    "predicted": Text("Predicted", "预测"),
    "observed": Text("Observed", "实际"),
    "interval": Text("80% interval", "80% 区间"),
    "number": Text("Customers asked about", "被问及的顾客"),
    # value
    "deciles": Text("Who the value lies with", "价值集中在谁身上"),
    "deciles_title": Text("Value by tenths of the customers", "按顾客十分位的价值"),
    "deciles_about": Text(
        "From the most valuable tenth of the customers to the least, the mean per customer.",
        "从最有价值的十分之一到最低，每位顾客的平均值。",
    ),
    "deciles_back_lead": Text(
        "Asked in the past, the model said the first column; what customers then spent is the second.",
        "回到过去提问，第一根柱是模型的预测，第二根是顾客之后的实际消费。",
    ),
    "deciles_lead": Text(
        "The most valuable tenth of the customers brings {share} of all expected revenue.",
        "最有价值的十分之一顾客带来全部预期收入的 {share}。",
    ),
    "deciles_hint": Text("tenth {number}: {mean} per customer", "第 {number} 个十分位：每位顾客 {mean}"),
    "deciles_none": Text("Nobody has a value score yet. Run: lifeloop run.", "尚无价值分数。请运行：lifeloop run。"),
    "tenth": Text("Tenth", "十分位"),
    "actual": Text("Actual", "实际"),
    "per_customer": Text("per customer", "每位顾客"),
    # reasons
    "reasons": Text("Why customers leave or stay", "顾客为何离开或留下"),
    "reasons_title": Text("The commonest reasons of churn scores", "流失分数最常见的原因"),
    "reasons_about": Text(
        "Share of customers for whom a reason is among the three strongest: to the left it holds them, to the right it "
        "pushes them away.",
        "某原因位列三大原因之一的顾客比例：向左为留住，向右为推离。",
    ),
    "reasons_lead": Text(
        "Of what is a customer's own, it is most often {reason} that pushes them away.",
        "就顾客自身而言，最常把他们推离的是：{reason}。",
    ),
    "reasons_none": Text(
        "No churn score with reasons is known yet. Run: lifeloop run.", "尚无带原因的流失分数。请运行：lifeloop run。"
    ),
    "holds": Text("holds customers", "留住顾客"),
    "pushes": Text("pushes customers away", "推离顾客"),
    "reason": Text("Reason", "原因"),
    # worth
    "worth": Text("Worth a look: valuable, and about to be lost", "值得关注：有价值且即将流失"),
    "worth_lead": Text(
        "The {count} customers at risk of whom most revenue is still expected: {sum} in the next {days} days.",
        "仍被寄望带来最多收入的 {count} 位风险顾客：未来 {days} 天共 {sum}。",
    ),
    "worth_none": Text("Nobody stands at risk: there is nobody to win back today.", "没有处于风险的顾客：今天无人需要挽回。"),
    "customer": Text("Customer", "顾客"),
    "churn": Text("Churn", "流失概率"),
    "value": Text("Value, {days} days", "{days} 天价值"),
    "so_far": Text("So far", "至今"),
    "so_far_orders": Text("{orders} orders", "{orders} 单"),
    "next_order": Text("Next order", "下次下单"),
    "may_not_return": Text("may never come", "可能不再来"),
    "around": Text("around {day}", "{day} 前后"),
    # quality
    "quality": Text("The facts behind it", "背后的数据"),
    "quality_lead": Text("{orders} orders from {first} to {last}.", "{orders} 笔订单，自 {first} 至 {last}。"),
    "quality_rejected": Text("{rows} rows could not be read.", "有 {rows} 行无法读取。"),
    "quality_none": Text(
        "The lake has no orders yet. Bring some in with: lifeloop import FILE.", "尚无订单。请用 lifeloop import FILE 导入。"
    ),
    "table": Text("Table", "表"),
    "rows": Text("Rows", "行数"),
    "rejected": Text("Rows refused", "被拒绝的行"),
    "rejected_none": Text("No row was refused.", "没有被拒绝的行。"),
    "files": Text("Files", "文件数"),
    "example": Text("Example", "示例"),
    # models
    "models": Text("The models and how far to trust them", "模型及其可信程度"),
    "models_none": Text("No model has spoken yet. Run: lifeloop run.", "尚无模型给出结果。请运行：lifeloop run。"),
    "question": Text("Question", "问题"),
    "version": Text("Version", "版本"),
    "horizon": Text("Horizon", "预测期"),
    "days": Text("{days} days", "{days} 天"),
    "verdict": Text("Judged on the shop's own past", "用本店历史检验的结论"),
    "not_judged": Text("not judged yet", "尚未检验"),
    "figures": Text("{question}, {days} days: figures beside the baselines", "{question}，{days} 天：与基线并列的数字"),
    "model": Text("Model", "模型"),
    "judged_on": Text(
        "{rows} customers at {origins} moments of the past; 95% intervals over customers",
        "过去 {origins} 个时刻的 {rows} 位顾客；按顾客计算的 95% 区间",
    ),
    "question_stage": Text("Stage", "阶段"),
    "question_churn": Text("Churn", "流失"),
    "question_value": Text("Value", "价值"),
    "question_next_order": Text("Next order", "下次下单"),
    "question_segment": Text("Segment", "人群"),
    # one customer, on the terminal
    "features": Text("Features", "特征"),
    "feature": Text("Feature", "特征"),
    "figure": Text("Figure", "数值"),
    "history": Text("The last 20 things that happened", "最近 20 件事"),
    "day": Text("Day", "日期"),
    "what": Text("What", "事项"),
    "reference": Text("Number", "编号"),
    "amount": Text("Goods", "金额"),
    "kind_order": Text("order", "订单"),
    "kind_refund": Text("refund", "退款"),
    "scores": Text("Scores", "分数"),
    "score": Text("Score", "分数"),
    "target_p_churn": Text("Chance of no order", "不下单的可能"),
    "target_p_buy": Text("Chance of an order", "下单的可能"),
    "target_orders": Text("Orders expected", "预期订单数"),
    "target_revenue_minor": Text("Revenue expected", "预期收入"),
    "target_days": Text("Days to the next order", "距下次下单天数"),
    "target_rfm": Text("RFM", "RFM"),
    "target_cluster": Text("Cluster", "聚类"),
    # tables of the lake
    "table_order": Text("orders", "订单"),
    "table_order_line": Text("order lines", "订单行"),
    "table_refund": Text("refunds", "退款"),
    "table_product": Text("products", "商品"),
    "table_customer": Text("customers", "顾客"),
    "table_event": Text("events", "事件"),
}
"""Every text by name."""

TEXTS |= {f"stage_{name}": rule.label for name, rule in STAGES.items()}
TEXTS["stage_none"] = Text("Not yet a customer", "尚非顾客")
