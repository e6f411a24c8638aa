package text

import "github.com/vezne/vezne"

var orderSentences = map[string]sentence{
	"status.open":               {"Waiting for payment", "Ödeme bekleniyor"},
	"status.processing":         {"Being checked", "Kontrol ediliyor"},
	"status.authorized":         {"Authorised", "Tutar ayrıldı"},
	"status.paid":               {"Paid", "Ödendi"},
	"status.partially_refunded": {"Partially refunded", "Kısmen iade edildi"},
	"status.refunded":           {"Refunded", "İade edildi"},
	"status.disputed":           {"Disputed", "İtiraz var"},
	"status.canceled":           {"Canceled", "İptal edildi"},

	"attention.payment_mismatch": {"Stripe collected something else than this order asked for. It is not Paid by it; compare both and refund or accept it by hand.",
		"Stripe bu siparişin istediğinden farklı bir tahsilat yaptı. Sipariş bununla Ödendi sayılmaz; ikisini karşılaştırıp elle iade edin ya da kabul edin."},
	"attention.surplus": {"Money came in for an order that was already paid or canceled; it is being returned.",
		"Ödenmiş ya da iptal edilmiş bir sipariş için para geldi; iade ediliyor."},
	"attention.held_by_hook": {"The application refused to take note of the payment; it is asked again.",
		"Uygulama ödemeyi kaydetmeyi reddetti; yeniden sorulacak."},
	"attention.dispute_open": {"The holder of the card disputes this payment. Answer in Stripe's dashboard before the deadline.",
		"Kart sahibi bu ödemeye itiraz etti. Süre dolmadan Stripe panelinden yanıt verin."},
	"attention.dispute_inquiry": {"The bank asks about this payment; no money has been withdrawn.",
		"Banka bu ödeme hakkında bilgi istiyor; henüz para geri alınmadı."},
	"attention.refund_failed": {"A refund failed after it had been accepted; the money is still here.",
		"Kabul edilmiş bir iade sonradan başarısız oldu; para hâlâ burada."},
	"attention.attempt_unsure": {"Stripe has not said whether a request took effect; it is being looked up.",
		"Stripe bir isteğin işlenip işlenmediğini bildirmedi; araştırılıyor."},
	"attention.object_regressed": {"Stripe showed an object leaving a final state, which should not happen.",
		"Stripe, kesinleşmiş bir nesnenin durumunu değişmiş gösterdi; bu olmamalıydı."},
	"attention.cancel_pending": {"Cancellation was asked for and waits for Stripe.",
		"İptal istendi; Stripe'ın yanıtı bekleniyor."},
	"attention.card_testing": {"So many payments were declined here that no more are taken for a while. Somebody may be testing cards.",
		"Burada o kadar çok ödeme reddedildi ki bir süre yenisi alınmıyor. Biri kart deniyor olabilir."},
}

// Status returns an order's status as people read it.
func Status(lang Lang, s vezne.OrderStatus) string { return Say(lang, "status."+string(s)) }

// Attention returns the sentence of a reason for attention.
func Attention(lang Lang, a vezne.Attention) string { return Say(lang, "attention."+string(a)) }
